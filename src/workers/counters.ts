/** What a thread tells the pool without a message, so that it holds also when the thread dies. */
export interface Counters {
  /** Jobs done so far. */
  readonly done: () => number;
  /** Grows with each job done, and while it waits for another thread. */
  readonly moves: () => number;
  /** Whether it has loaded everything. */
  readonly isReady: () => boolean;
  /** Whether it could not remove a temporary file. */
  readonly hasLeft: () => boolean;
}

/** What the thread itself says. */
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
