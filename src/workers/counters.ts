/**
 * Counters by which a thread tells the pool about itself without a message, so that they hold also
 * when the thread dies.
 */
export interface Counters {
  /** Jobs done so far. */
  readonly done: () => number;
  /** Grows with each job done, and while it waits for another thread. */
  readonly moves: () => number;
  /** True once the thread has loaded everything. */
  readonly isReady: () => boolean;
  /** True once the thread could not remove a temporary file. */
  readonly hasLeft: () => boolean;
}

/** The thread's own side of its counters. */
export interface OwnCounters {
  ready(): void;
  jobDone(): void;
  waits(): void;
  left(): void;
}

const DONE = 0;
const READY = 1;
const LEFT = 2;
const WAITS = 3;
const FIELDS = 4;

/** Memory for one thread. */
export function createCounters(): SharedArrayBuffer {
  return new SharedArrayBuffer(FIELDS * Int32Array.BYTES_PER_ELEMENT);
}

/** The pool's view. */
export function countersOf(memory: SharedArrayBuffer): Counters {
  const fields = new Int32Array(memory);
  return {
    done: () => Atomics.load(fields, DONE),
    moves: () => Atomics.load(fields, DONE) + Atomics.load(fields, WAITS),
    isReady: () => Atomics.load(fields, READY) === 1,
    hasLeft: () => Atomics.load(fields, LEFT) === 1,
  };
}

/** The thread's view. */
export function ownCounters(memory: SharedArrayBuffer): OwnCounters {
  const fields = new Int32Array(memory);
  return {
    ready: () => void Atomics.store(fields, READY, 1),
    jobDone: () => void Atomics.add(fields, DONE, 1),
    waits: () => void Atomics.add(fields, WAITS, 1),
    left: () => void Atomics.store(fields, LEFT, 1),
  };
}
