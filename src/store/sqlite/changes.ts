import type { Db } from "./open.ts";

/**
 * Returns a function that is true when another process wrote to the cache since its last call;
 * false the first time.
 */
export function changedByOthersOf(db: Db): () => boolean {
  const version = () => db.pragma("data_version", { simple: true }) as number;
  let last = version();
  return () => {
    const before = last;
    last = version();
    return last !== before;
  };
}
