import { hash, randomInt } from "node:crypto";
import { hostname } from "node:os";
import { threadId } from "node:worker_threads";
import { isRunning } from "../system/is-running.ts";

/** Matches the name of a temporary file that becomes a sample. */
export const temporaryName = /^\.ss-[0-9a-f]{16}\.tmp$/;

/** Digits of the name: of this host, of this process, of this thread, and of a counter. */
const host = hash("sha256", hostname(), "hex").slice(0, 4);
const PID_DIGITS = 6;
const ours = host + hex(process.pid, PID_DIGITS) + hex(threadId, 2);
let counted = randomInt(2 ** 16);

/**
 * A name that is very likely unique among temporary files; a file of that name must make creation
 * fail.
 */
export function nextTemporaryName(): string {
  counted += 1;
  return `.ss-${ours}${hex(counted, 4)}.tmp`;
}

/** True when this host made a temporary file. */
export function isOfThisHost(name: string): boolean {
  return name.startsWith(`.ss-${host}`);
}

/** True when another process of this host made a temporary file, and still runs. */
export function isOfNeighbour(name: string): boolean {
  if (!isOfThisHost(name)) return false;
  const start = ".ss-".length + host.length;
  const pid = Number.parseInt(name.slice(start, start + PID_DIGITS), 16);
  return pid !== process.pid && pid > 0 && isRunning(pid);
}

/** The last digits of a number. */
function hex(value: number, digits: number): string {
  return (value % 16 ** digits).toString(16).padStart(digits, "0");
}
