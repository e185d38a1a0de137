import { getHeapStatistics } from "node:v8";

/** Bytes that dead buffers of this thread may take. */
const LEFT_BYTES = 8 * 1024 * 1024;
/** Between two looks, ms: a look takes as long as a small file's part of them. */
const BETWEEN_MS = 2;

type Collect = (options?: { type: "minor" }) => unknown;

/**
 * Makes a function that frees what jobs have left outside the heap, once that is much. V8 looks for
 * garbage by the size of its heap, in which a buffer of megabytes is a few bytes: it would let 30 to
 * 100 MB of them gather in each thread. Does nothing without `--expose-gc`.
 */
export function createCollector(gc = globalThis.gc as Collect | undefined): () => void {
  let [least, lookedAt] = [0, 0];
  return () => {
    const now = performance.now();
    if (gc === undefined || now - lookedAt < BETWEEN_MS) return;
    lookedAt = now;
    // What was collected is freed beside us, a moment later: the least is what lives.
    const bytes = outside();
    least = Math.min(least, bytes);
    if (bytes - least < LEFT_BYTES) return;
    // Buffers mostly die young, and the young are searched in a millisecond.
    void gc({ type: "minor" });
    if (outside() - least >= LEFT_BYTES / 2) void gc();
    least = outside();
  };
}

/** Bytes of buffers and the like. */
function outside(): number {
  return getHeapStatistics().external_memory;
}
