import { hash, randomBytes } from "node:crypto";
import { hostname } from "node:os";

/** Matches the name of a temporary file that becomes a sample. */
export const temporaryName = /^\.ss-[0-9a-f]{16}\.tmp$/;

/** First digits of the name: those of this host, then those of this thread; a counter follows. */
const host = hash("sha256", hostname(), "hex").slice(0, 4);
const ours = host + randomBytes(4).toString("hex").slice(0, 7);
let counted = 0;

/**
 * A name that is very likely unique among temporary files; a file of that name must make creation
 * fail.
 */
export function nextTemporaryName(): string {
  counted = (counted + 1) % 2 ** 20;
  return `.ss-${ours}${counted.toString(16).padStart(5, "0")}.tmp`;
}

/** True when this host made a temporary file. */
export function isOfThisHost(name: string): boolean {
  return name.startsWith(`.ss-${host}`);
}
