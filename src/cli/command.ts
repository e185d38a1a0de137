import type { Settings } from "../config/settings.ts";
import { type Output, tell } from "./output/print.ts";

/** The context that every command gets from `main`. */
export interface Context extends Output {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the process at once. */
  readonly exitNow: (code: number) => void;
}

/** The options every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly prefix?: string;
}

/** The options of a command that inspects. */
export interface InspectOptions extends CommonOptions {
  readonly json?: boolean;
}

/** Exit codes: a part of the contract. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  entriesFailed: 3,
  alreadyRunning: 75,
  config: 78,
} as const;

/** Prints on stderr the lake that a command is about to change. */
export function nameLake({ prefix, state }: Settings, output: Pick<Output, "err">): void {
  tell(output, `lake ${prefix}, cache ${state}`);
}
