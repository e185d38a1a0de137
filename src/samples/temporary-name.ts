import { randomBytes } from "node:crypto";

/** How a temporary file is called that becomes a sample. */
export const temporaryName = /^\.ss-[0-9a-f]{16}\.tmp$/;

/** Names are this thread's own, then counted. */
const ours = randomBytes(4).toString("hex");
let counted = 0;

/** A name that no other temporary file has. */
export function nextTemporaryName(): string {
  counted += 1;
  return `.ss-${ours}${counted.toString(16).padStart(8, "0")}.tmp`;
}
