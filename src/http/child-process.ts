import { type ChildProcess, fork } from "node:child_process";
import { errorMessage } from "../errors.ts";
import { LEAN_FLAGS } from "../system/memory-flags.ts";
import type { FromServer, ToServer } from "./messages.ts";

/** One child process, from its start to its end. */
export interface OneChild {
  /** Sends a message; it is lost where the child has ended. */
  send(message: ToServer): void;
  kill(): void;
  readonly ended: Promise<End>;
}

/** The end of a child. */
export interface End {
  /**
   * `SIGKILL`, `1`, or `HUNG` where it was killed for not answering; otherwise the reason why it
   * could not be started.
   */
  readonly code: string;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
}

/** The program to run, and callbacks for what it sends. */
export interface ChildOptions {
  readonly program: URL;
  readonly onMessage: (message: FromServer) => void;
  /** Time between two questions whether it lives, ms; after two without an answer it is killed. */
  readonly pingMs: number;
}

const HEAP_MB = 128;
const PATIENCE = 2;
/**
 * Questions without an answer until it has answered for the first time: it may have to be read from
 * a slow disk.
 */
const FIRST_PATIENCE = 12;
const KEPT_STDERR = 2000;
/** Variables that the child does not get: systemd waits for word from the daemon, not from it. */
const notForChild = new Set(["NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"]);

/** Starts a child. Never throws: one that cannot be started has ended. */
export function startChild({ program, onMessage, pingMs }: ChildOptions): OneChild {
  const { promise: ended, resolve } = Promise.withResolvers<End>();
  let unanswered = 0;
  let patience = FIRST_PATIENCE;
  let isHung = false;
  let stderr = "";
  const started = forked(program);
  if (typeof started === "string") {
    resolve({ code: started, stderr });
    return { send: () => undefined, kill: () => undefined, ended };
  }
  const child: ChildProcess = started;
  const kill = (): void => void child.kill("SIGKILL");
  // Counted and not timed: when we are the one that hung, its answers are waiting for us.
  const pings = setInterval(() => {
    isHung = unanswered >= patience;
    if (isHung) return kill();
    unanswered += 1;
    send({ type: "ping" });
  }, pingMs).unref();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-KEPT_STDERR);
  });
  child.on("message", (message: FromServer) => {
    unanswered = 0;
    patience = PATIENCE;
    if (message.type !== "pong") onMessage(message);
  });
  // After `error`, which says that it could not be started, there may be no `close`.
  child.on("error", (error) => end(errorMessage(error)));
  child.on("close", (status, signal) => end(String(signal ?? status)));
  return { send, kill, ended };

  function send(message: ToServer): void {
    if (child.connected) child.send(message, () => undefined);
  }

  function end(how: string): void {
    clearInterval(pings);
    kill();
    resolve({ code: isHung ? "HUNG" : how, stderr: stderr.trim() });
  }
}

/** The child, or the reason why there is none: most reasons come as an event, some are thrown. */
function forked(program: URL): ChildProcess | string {
  const env = Object.entries(process.env).filter(([name]) => !notForChild.has(name));
  try {
    return fork(program, [], {
      serialization: "advanced",
      execArgv: [...LEAN_FLAGS, `--max-old-space-size=${HEAP_MB}`],
      env: Object.fromEntries(env),
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
  } catch (error) {
    return errorMessage(error);
  }
}
