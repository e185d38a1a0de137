import { errorMessage } from "../../errors.ts";
import { type DatagramSender, sendTo } from "../../system/datagram.ts";

/** A message to systemd; see sd_notify(3). */
export interface Message {
  readonly state?: "ready" | "reloading" | "stopping";
  /** One line for people: `systemctl status` shows it. */
  readonly status?: string;
  /** Time by which the current start or stop may take longer, from now on, ms. */
  readonly extendMs?: number;
  /** True to feed the watchdog. */
  readonly isAlive?: boolean;
}

/** Tells systemd the state of the service. No error in it can fail the daemon. */
export interface Notify {
  /** False where nobody listens: there is no need to prepare anything for `send` then. */
  readonly isWanted: boolean;
  /**
   * Time without a sign of life after which the watchdog kills the service, ms; undefined without a
   * watchdog.
   */
  readonly watchdogMs: number | undefined;
  send(message: Message): void;
  close(): void;
}

const NOBODY: Notify = {
  isWanted: false,
  watchdogMs: undefined,
  send: () => undefined,
  close: () => undefined,
};

/**
 * Reads the socket to notify from `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`, and takes
 * these out of `env`: they are not meant for our children. `onError` is called once, the first time
 * that systemd cannot be reached.
 */
export function createNotify(
  env: Record<string, string | undefined>,
  onError: (message: string) => void,
): Notify {
  const { NOTIFY_SOCKET: path, WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = env;
  for (const name of ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) delete env[name];
  if (path === undefined || path === "") return NOBODY;
  let socket: DatagramSender | undefined;
  let isTold = false;
  const isOurs = pid === undefined || Number(pid) === process.pid;
  const watchdogMs = isOurs && Number(usec) > 0 ? Number(usec) / 1000 : undefined;
  try {
    socket = sendTo(path);
  } catch (error) {
    failed(error);
    return NOBODY;
  }
  return { isWanted: true, watchdogMs, send, close: () => socket?.close() };

  function send(message: Message): void {
    try {
      socket?.send(Buffer.from(linesOf(message).join("\n")));
    } catch (error) {
      failed(error);
    }
  }

  function failed(error: unknown): void {
    if (!isTold) onError(`systemd cannot be told at ${path}: ${errorMessage(error)}`);
    isTold = true;
  }
}

function linesOf({ state, status, extendMs, isAlive }: Message): string[] {
  const lines: string[] = [];
  if (state !== undefined) lines.push(`${state.toUpperCase()}=1`);
  // What says which of several reloads is meant.
  if (state === "reloading") lines.push(`MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  if (status !== undefined) lines.push(`STATUS=${status.replaceAll("\n", " ")}`);
  if (extendMs !== undefined) lines.push(`EXTEND_TIMEOUT_USEC=${Math.round(extendMs * 1000)}`);
  if (isAlive === true) lines.push("WATCHDOG=1");
  return lines;
}
