/**
 * Times up to which something may be done, in memory that threads share; by the clock that nobody
 * sets, which is one for all threads.
 */
export interface Deadlines {
  /** Memory for `deadlinesIn`, in another thread. */
  readonly memory: SharedArrayBuffer;
  /** Sets the deadline of a number; `atNs` as `process.hrtime.bigint` counts. */
  set(nr: number, atNs: bigint): void;
  /** True once it has passed; so it is before it was set. */
  isPast(nr: number): boolean;
}

/** Creates deadlines for numbers from 0 on, all of them past. */
export function createDeadlines(count: number): Deadlines {
  return deadlinesIn(new SharedArrayBuffer(count * BigInt64Array.BYTES_PER_ELEMENT));
}

/** The same deadlines in another thread. */
export function deadlinesIn(memory: SharedArrayBuffer): Deadlines {
  const times = new BigInt64Array(memory);
  return {
    memory,
    set: (nr, atNs) => void Atomics.store(times, nr, atNs),
    isPast: (nr) => process.hrtime.bigint() >= Atomics.load(times, nr),
  };
}
