import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { errorCode, errorMessage } from "../errors.ts";
import { LEAN_FLAGS } from "../system/memory-flags.ts";

/** One call of a command. */
export interface Call {
  /** Program and arguments. */
  readonly command: readonly string[];
  /** Written to its stdin. */
  readonly text: string;
  readonly timeoutMs: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** The reason why a call failed, and the end of what the command wrote. */
export interface CallFailure {
  readonly reason: string;
  readonly output: string;
}

/** Characters of output that are kept. */
const KEPT = 2000;
/** Output that others keep open is waited for this long after the end, ms. */
const OUTPUT_MS = 1000;
/** Variables that a command gets: others may hold credentials. */
const PASSED_ON = ["PATH", "HOME", "LANG", "LC_ALL", "TZ"] as const;
const runner = fileURLToPath(
  new URL(`./runner.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url),
);

/**
 * Runs a command, without a shell. All that it has started ends with it, after its time, at the
 * signal, or with this process, in whatever way that ends. Returns undefined where it ended with 0;
 * never throws.
 */
export async function call(options: Call): Promise<CallFailure | undefined> {
  const child = started(options.command);
  if (typeof child === "string") return { reason: child, output: "" };
  const closed = Promise.withResolvers<void>();
  child.on("close", closed.resolve).on("error", () => closed.resolve());
  let output = "";
  const streams = [child.stdout, child.stderr];
  for (const stream of streams)
    stream?.setEncoding("utf8").on("data", (part: string) => {
      output = (output + part).slice(-KEPT);
    });
  // One that does not read its input may have ended already.
  child.stdin?.on("error", () => undefined).end(options.text);
  const reason = await endOf(child, options);
  killGroup(child);
  const late = setTimeout(() => streams.map((stream) => stream?.destroy()), OUTPUT_MS);
  await closed.promise;
  clearTimeout(late);
  return reason === undefined ? undefined : { reason, output: output.trim() };
}

/** The process that runs the command, or the reason why there is none. */
function started(command: readonly string[]): ChildProcess | string {
  try {
    return spawn(process.execPath, [...LEAN_FLAGS, runner, ...command], {
      env: Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]])),
      stdio: ["pipe", "pipe", "pipe", "ipc"],
      // A process group of its own, to be ended as a whole.
      detached: true,
    });
  } catch (error) {
    return errorMessage(error);
  }
}

/** The reason why it failed, once it has ended or has to. */
async function endOf(
  child: ChildProcess,
  { timeoutMs, signal }: Call,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const stop = () => resolve("ended, since the sampler stops");
  const timer = setTimeout(() => resolve(`took longer than ${timeoutMs / 1000} s`), timeoutMs);
  child.on("message", (end) => resolve(end === 0 ? undefined : String(end)));
  child.on("error", (error) => resolve(errorMessage(error)));
  child.on("exit", () => resolve("ended by somebody else"));
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
