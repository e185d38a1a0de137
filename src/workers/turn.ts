/** Keeps files that take much memory apart: one thread at a time works on one. */
export interface Turn {
  /** Waits until no other thread has the turn, and takes it. @throws the signal's reason */
  take(signal: AbortSignal): Promise<void>;
  /** Gives the turn to the next thread, if this one has it. */
  leave(): void;
}

const NOBODY = 0;
/** Time between two looks at the signal, ms. */
const LOOK_MS = 500;

/** Memory that the threads of a pool share for it. */
export function createTurn(): SharedArrayBuffer {
  return new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
}

/**
 * The turn as one thread sees it; threads are counted from 0. The pool uses it too, for threads
 * that died. `onWait` is called again and again while it waits.
 */
export function turnOf(memory: SharedArrayBuffer, thread: number, onWait?: () => void): Turn {
  const holder = new Int32Array(memory);
  const own = thread + 1;
  return {
    async take(signal) {
      for (;;) {
        signal.throwIfAborted();
        const other = Atomics.compareExchange(holder, 0, NOBODY, own);
        if (other === NOBODY || other === own) return;
        onWait?.();
        await Atomics.waitAsync(holder, 0, other, LOOK_MS).value;
      }
    },
    leave() {
      if (Atomics.compareExchange(holder, 0, own, NOBODY) === own) Atomics.notify(holder, 0);
    },
  };
}
