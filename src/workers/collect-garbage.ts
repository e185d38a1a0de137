import { getHeapStatistics } from "node:v8";

/** Bytes that dead buffers of this thread may take. */
const LEFT_BYTES = 8 * 1024 * 1024;
/** Time between two looks, ms: a look takes a noticeable part of a small file's time. */
const BETWEEN_MS = 2;

/** Time between two whole collections at least, ms: one takes about 10 ms. */
const WHOLE_MS = 3000;

type Collect = (options?: { type: "minor" }) => unknown;

/**
 * Creates a function that frees memory that jobs have left outside the heap, once there is much. V8
 * decides when to collect by the size of its heap, in which a buffer of megabytes is a few bytes:
 * 30 to 100 MB of them would gather in each thread. Every three seconds of work it collects the whole
 * heap as well. Does nothing without `--expose-gc`.
 */
export function createCollector(gc = globalThis.gc as Collect | undefined): () => void {
  let [least, lookedAt, collectedAt] = [0, 0, performance.now()];
  return () => {
    const now = performance.now();
    if (gc === undefined || now - lookedAt < BETWEEN_MS) return;
    lookedAt = now;
    if (now - collectedAt >= WHOLE_MS) {
      void gc();
      collectedAt = now;
    }
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

/** Bytes of buffers and the like outside the heap. */
function outside(): number {
  return getHeapStatistics().external_memory;
}
