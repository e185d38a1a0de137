import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** The command that starts the program. */
export const PROGRAM: readonly string[] = [join(import.meta.dirname, "../../src/main.ts")];

/** Runs a command to its end; returns what it printed. @throws Error for any other exit code. */
export async function command(
  program: string,
  args: readonly string[],
  { input = "", codes = [0] }: { readonly input?: string; readonly codes?: readonly number[] } = {},
): Promise<string> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const printed = Promise.all([text(child.stdout), text(child.stderr)]);
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  const [out, err] = await printed;
  if (code === null || !codes.includes(code)) {
    throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${err}${out}`);
  }
  return out;
}

/** Runs a command of the sampler; 3 says that entries failed, which many are to. */
export function sampler(args: readonly string[], config: string): Promise<string> {
  const [name = "", ...rest] = args;
  const whole = [...PROGRAM, name, "--config", config, ...rest];
  return command(process.execPath, whole, { codes: [0, 3] });
}
