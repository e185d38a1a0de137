import { setImmediate } from "node:timers/promises";

const LONGEST_MS = 20;
let last = 0;

/**
 * Gives timers, signals and messages a turn when none has had one for a while. Synchronous work
 * behind promises would otherwise keep them all waiting.
 */
export async function breathe(): Promise<void> {
  const now = performance.now();
  if (now - last < LONGEST_MS) return;
  await setImmediate();
  last = performance.now();
}
