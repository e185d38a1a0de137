import { createViewThreads, type ViewInThread } from "../../inspect/view-threads.ts";
import { createSemaphore, type InTurn } from "../../lib/semaphore.ts";

/** The means to decode samples: few are at once. */
export interface Decoding {
  readonly inTurn: InTurn;
  readonly viewInThread: ViewInThread;
}

/** Samples that are decoded at once: each may take tens of megabytes, and half a second. */
const SHOWN_AT_ONCE = 2;
/** Longest wait for a sample's turn, ms: less than an idle connection has. */
const PATIENCE_MS = 10_000;

/** Creates the means that all pages of a server share. */
export function createDecoding(): Decoding {
  return {
    inTurn: createSemaphore(SHOWN_AT_ONCE, PATIENCE_MS),
    viewInThread: createViewThreads(),
  };
}
