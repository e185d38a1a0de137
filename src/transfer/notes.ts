/** Keeps a journal up with its file, behind the writes. */
export interface Notes {
  /** Has it noted how far the file is: now or, where that is under way, once more after it. */
  soon(): void;
  /** @throws what an earlier note failed with */
  check(): void;
  /** Waits until nothing is under way. */
  settled(): Promise<void>;
}

/** Work of notes. */
export interface NotesOptions {
  readonly note: () => Promise<void>;
  /** Brings the file to stable storage. */
  readonly sync: () => Promise<void>;
}

/** Time between two syncs, ms: what the end of a machine costs. */
const SYNC_MS = 10_000;

/** Makes notes. */
export function createNotes({ note, sync }: NotesOptions): Notes {
  let noting: Promise<void> | undefined;
  let syncing: Promise<void> | undefined;
  let syncedAt = Date.now();
  let isNoted = true;
  let failure: { readonly error: unknown } | undefined;
  return {
    soon() {
      isNoted = false;
      noting ??= noteAll()
        .catch(fail)
        .finally(() => (noting = undefined));
      if (Date.now() - syncedAt < SYNC_MS) return;
      // A slow disk must not hold up the notes.
      syncing ??= sync()
        .catch(fail)
        .finally(() => {
          syncing = undefined;
          syncedAt = Date.now();
        });
    },
    check() {
      if (failure !== undefined) throw failure.error;
    },
    async settled() {
      await noting;
      await syncing;
    },
  };

  async function noteAll(): Promise<void> {
    while (!isNoted) {
      isNoted = true;
      await note();
    }
  }

  function fail(error: unknown): void {
    failure = { error };
  }
}
