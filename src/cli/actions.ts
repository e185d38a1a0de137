import type { Command } from "commander";
import type { Context } from "./command.ts";

type Run<T> = (options: T, context: Context) => Promise<number>;

/** Ways to add a command; the work of each is loaded only when it runs. */
export interface Actions {
  /** A command with the options that every command has which reads the configuration. */
  readonly common: (parent: Command, name: string, description: string) => Command;
  /** The action of a command without arguments. */
  readonly does: <T>(load: () => Promise<Run<T>>) => (options: T) => Promise<void>;
  /** The same for a command with an argument, or several, which become an option of that name. */
  readonly about: <T>(
    argument: keyof T,
    load: () => Promise<Run<T>>,
  ) => (value: string | readonly string[] | undefined, options: T) => Promise<void>;
}
