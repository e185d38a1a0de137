import { setTimeout as sleep } from "node:timers/promises";
import type { FromServer, ToServer } from "./messages.ts";
import { type End, type OneChild, startChild } from "./child-process.ts";

/** Keeps one child process running. */
export interface KeptChild {
  /** Sends to the running child; the message is lost where none runs. */
  send(message: ToServer): void;
  /** Ends the child, kills it after two seconds, and starts no other. */
  close(): Promise<void>;
}

/** The reason why there is no child for a while. */
export interface Death extends End {
  /** Time until there is one again, ms. */
  readonly retryMs: number;
}

/** The program to keep running, and callbacks. */
export interface KeeperOptions {
  readonly program: URL;
  /** The first message to each new child. */
  readonly greeting: () => ToServer;
  readonly onMessage: (message: FromServer) => void;
  readonly onDeath: (death: Death) => void;
  /** Time between two questions whether it lives, ms. */
  readonly pingMs: number;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
const CLOSE_MS = 2000;
const KILLED_MS = 500;

/** Starts a child, and another one when it dies or hangs: after a second, then two, up to a minute. */
export function keepChild(options: KeeperOptions): KeptChild {
  const { program, greeting, onDeath, pingMs } = options;
  let retryMs = FIRST_RETRY_MS;
  let again: NodeJS.Timeout | undefined;
  let isClosing = false;
  let child = start();

  return { send: (message) => child.send(message), close };

  function start(): OneChild {
    const begun = performance.now();
    const started = startChild({ program, onMessage, pingMs });
    started.send(greeting());
    void started.ended.then((end) => {
      if (isClosing) return;
      // One that has served for longer than the longest wait is no sign that it cannot.
      if (performance.now() - begun > LAST_RETRY_MS) retryMs = FIRST_RETRY_MS;
      onDeath({ ...end, retryMs });
      again = setTimeout(() => (child = start()), retryMs);
      retryMs = Math.min(2 * retryMs, LAST_RETRY_MS);
    });
    return started;
  }

  function onMessage(message: FromServer): void {
    if (!isClosing) options.onMessage(message);
  }

  async function close(): Promise<void> {
    isClosing = true;
    clearTimeout(again);
    child.send({ type: "end" });
    const late = setTimeout(child.kill, CLOSE_MS);
    // One that hangs in the kernel ends when that lets it.
    await Promise.race([child.ended, sleep(CLOSE_MS + KILLED_MS, undefined, { ref: false })]);
    clearTimeout(late);
  }
}
