import { createRequire } from "node:module";
import type koffi from "koffi";

const require = createRequire(import.meta.url);
/** Time between two calls, ms: looking through all free memory takes some milliseconds. */
const EVERY_MS = 1000;

/** Time between two collections at least, ms: one takes 10 to 60 ms. */
const COLLECT_MS = 3000;

/**
 * Creates a function that gives free memory back to the system, at most each second: malloc
 * of glibc keeps memory that lies between pieces in use, 30 MB in steady work (malloc_trim(3)).
 * Does nothing where the C library has no such function. Garbage is collected before, since V8 by
 * itself lets ten megabytes of it gather; not without `--expose-gc`.
 */
export function createTrim(clock: () => number = () => performance.now()): () => void {
  let trim: ((pad: number) => number) | undefined;
  let trimmedAt = clock();
  let collectedAt = clock();
  return () => {
    if (clock() - trimmedAt < EVERY_MS) return;
    trimmedAt = clock();
    if (trimmedAt - collectedAt >= COLLECT_MS) {
      globalThis.gc?.();
      collectedAt = trimmedAt;
    }
    trim ??= found();
    trim(0);
  };
}

function found(): (pad: number) => number {
  try {
    const { load } = require("koffi") as typeof koffi;
    return load(null).func("int malloc_trim(size_t)") as (pad: number) => number;
  } catch {
    return () => 0;
  }
}
