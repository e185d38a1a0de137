/** A value that changes, for any number of readers. */
export interface Latest<T> {
  get(): T;
  set(value: T): void;
  /** Says that it does not change any more. */
  end(): void;
  /** The value, and each one that follows; a slow reader misses some, and never the last one. */
  values(): AsyncGenerator<T, void, void>;
}

/** Begins with a value. */
export function createLatest<T>(first: T): Latest<T> {
  let value = first;
  let isOver = false;
  let changed = Promise.withResolvers<void>();
  const tell = () => {
    const { resolve } = changed;
    changed = Promise.withResolvers<void>();
    resolve();
  };
  return {
    get: () => value,
    set(next) {
      value = next;
      tell();
    },
    end() {
      isOver = true;
      tell();
    },
    async *values() {
      for (;;) {
        const { promise } = changed;
        const isLast = isOver;
        const seen = value;
        yield seen;
        if (isLast) return;
        // It may have changed while the reader was busy.
        if (value === seen && !isOver) await promise;
      }
    },
  };
}
