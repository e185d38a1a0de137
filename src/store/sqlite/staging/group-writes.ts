import type { Db } from "../open.ts";

/** Does a write; several that are asked for at about the same time share one transaction. @throws as the write */
export type GroupedWrite = <T>(write: () => T) => Promise<T>;

interface Waiting {
  readonly write: () => unknown;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Groups the writes to a database: a commit costs more than what a small file has to say. One that
 * throws leaves the others as they are.
 */
export function groupWrites(db: Db): GroupedWrite {
  let waiting: Waiting[] = [];
  const apart = db.transaction((write: () => unknown) => write());
  const together = db.transaction((group: readonly Waiting[]) => group.map(tried));
  return (write) =>
    new Promise((resolve, reject) => {
      // After all that this turn of the event loop brings.
      if (waiting.length === 0) setImmediate(writeAll);
      waiting.push({ write, resolve, reject });
    });

  function writeAll(): void {
    const group = waiting;
    waiting = [];
    try {
      for (const tell of together.immediate(group)) tell();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** Writes; returns what tells of it, once all are committed. */
  function tried({ write, resolve, reject }: Waiting): () => void {
    try {
      const value = apart(write) as never;
      return () => resolve(value);
    } catch (error) {
      // Some errors, as of a full disk, end the transaction of all.
      if (!db.inTransaction) throw error;
      return () => reject(error);
    }
  }
}
