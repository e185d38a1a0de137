/** Lets work through, but not while somebody looks. */
export interface Turnstile {
  /** Does the work as soon as it is open. */
  through(work: () => Promise<void>): Promise<void>;
  /** Closes it; resolves once nobody is inside. */
  close(): Promise<void>;
  open(): void;
}

/** Makes a closed one. */
export function createTurnstile(): Turnstile {
  const inside = new Set<Promise<void>>();
  let gate: PromiseWithResolvers<void> | undefined = Promise.withResolvers<void>();

  /** It can have been closed again meanwhile. */
  async function opened(): Promise<void> {
    if (gate !== undefined) await gate.promise.then(opened);
  }

  return {
    async through(work) {
      await opened();
      const done = work();
      inside.add(done);
      try {
        await done;
      } finally {
        inside.delete(done);
      }
    },
    async close() {
      gate ??= Promise.withResolvers<void>();
      while (inside.size > 0) await Promise.allSettled(inside);
    },
    open() {
      gate?.resolve();
      gate = undefined;
    },
  };
}
