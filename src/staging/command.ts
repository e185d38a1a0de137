import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { OWN_DIRECTORY } from "./names.ts";
import type { Json } from "./params.ts";

/** Options of `runCommand`. */
export interface CommandOptions {
  /** Program and arguments; `{name}` in one becomes the parameter of that name. */
  readonly command: readonly string[];
  /** Resolved parameters: on stdin as JSON, and in the file `$STAGING_PARAMS`. */
  readonly params: Json;
  /** The run's directory, absolute. */
  readonly runDirectory: string;
  /** Working directory, absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** ms; no limit by default. */
  readonly timeoutMs?: number | undefined;
  readonly signal: AbortSignal;
  /** Passes the output on to ours instead of keeping it. */
  readonly passOn?: boolean;
}

/** The result of a command. */
export interface CommandResult {
  /** As a shell says it: 128 and the number of the signal that ended it. */
  readonly exitCode: number;
  /** The last bytes of its output, where it was kept. */
  readonly stdout: string;
  readonly stderr: string;
}

/** Bytes of each output that are kept. */
const KEPT_BYTES = 64 * 1024;
/** Time between asking a command to end and ending it, ms. */
const GRACE_MS = 5000;
/** Output that others keep open is waited for this long after the end, ms. */
const OUTPUT_MS = 1000;

/**
 * Runs a command on staged files, never through a shell. Time limit and abort end its whole process
 * group.
 * @throws Failure USAGE where a parameter is not there or the program cannot be started; OUTPUT_FULL or
 * OUTPUT_UNWRITABLE where its parameters cannot be written; TIMEOUT; the signal's reason
 */
export async function runCommand(options: CommandOptions): Promise<CommandResult> {
  const { params, runDirectory, cwd, env, passOn = false, signal, timeoutMs } = options;
  const [program = "", ...args] = options.command.map((part) => filled(part, params));
  if ([program, ...args].some((part) => part.includes("\0")))
    throw new Failure("USAGE", "a parameter of the command has a null character");
  const paramsFile = join(runDirectory, OWN_DIRECTORY, "params.json");
  const text = `${JSON.stringify(params)}\n`;
  await writeFile(paramsFile, text, { mode: 0o640 }).catch((error: unknown) => {
    throw outputFailure(error, paramsFile);
  });
  signal.throwIfAborted();
  const output = passOn ? "inherit" : "pipe";
  const child = spawn(program, args, {
    cwd,
    env: { ...env, STAGING_PARAMS: paramsFile },
    stdio: ["pipe", output, output],
    // A process group of its own, to be ended as a whole.
    detached: true,
  });
  const [stdout, stderr] = [lastOf(child.stdout), lastOf(child.stderr)];
  // One that does not read its input may have ended already.
  child.stdin?.on("error", () => undefined).end(text);
  const ended = endOf(child, program);
  const reason = await firstOf(ended, { signal, timeoutMs });
  if (reason !== undefined) await endGroup(child, ended);
  const exitCode = await ended;
  if (reason !== undefined) throw reason;
  // What it left behind in the background must not write into a directory that goes.
  kill(child, "SIGKILL");
  const late = setTimeout(() => [child.stdout, child.stderr].map((it) => it?.destroy()), OUTPUT_MS);
  const outputs = { stdout: await stdout, stderr: await stderr };
  clearTimeout(late);
  return { exitCode, ...outputs };
}

/** Fills in parameters: text as it is, else as JSON. @throws Failure USAGE */
function filled(part: string, params: Json): string {
  return part.replaceAll(/\{([\w.-]+)\}/g, (_, name: string) => {
    const isObject = typeof params === "object" && params !== null && Object.hasOwn(params, name);
    if (!isObject) throw new Failure("USAGE", `the command wants a parameter ${name}`);
    const value = (params as Readonly<Record<string, Json>>)[name];
    return typeof value === "string" ? value : JSON.stringify(value);
  });
}

/** The last bytes of a stream, once it has ended. */
async function lastOf(stream: Readable | null): Promise<string> {
  if (stream === null) return "";
  let kept = Buffer.alloc(0);
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-KEPT_BYTES);
  });
  stream.on("close", resolve).on("error", resolve);
  await promise;
  return kept.toString();
}

function endOf(child: ChildProcess, program: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.on("error", (error) => {
    const why = errorCode(error) === "ENOENT" ? "there is no such program" : errorMessage(error);
    reject(new Failure("USAGE", `cannot start ${program}: ${why}`, { cause: error }));
  });
  child.on("exit", (code, signal) =>
    resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
  );
  return promise;
}

/** The reason to end a command before it has ended, or undefined where it did by itself. */
async function firstOf(
  ended: Promise<number>,
  { signal, timeoutMs }: Pick<CommandOptions, "signal" | "timeoutMs">,
): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const onAbort = () => resolve(signal.reason);
  signal.addEventListener("abort", onAbort);
  const late = new Failure("TIMEOUT", `the command has not ended after ${timeoutMs} ms`);
  const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs, late);
  try {
    return await Promise.race([ended.then(() => undefined), promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}

async function endGroup(child: ChildProcess, ended: Promise<number>): Promise<void> {
  kill(child, "SIGTERM");
  const timer = setTimeout(() => kill(child, "SIGKILL"), GRACE_MS);
  await ended;
  clearTimeout(timer);
  kill(child, "SIGKILL");
}

function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    // Nobody is left in the group.
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
