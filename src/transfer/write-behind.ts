/** Writes bytes in order, from some offset on. */
export interface Writer {
  /**
   * Takes a chunk, which may be used for something else once this is over: a large one is written then,
   * small ones are collected while others are being written.
   * @throws what writing throws, of an earlier chunk too
   */
  add(chunk: Uint8Array): Promise<void>;
  /** Waits until all is written. @throws the same */
  flush(): Promise<void>;
}

/** Writes all of some bytes at an offset. @throws what the disk says */
export type Write = (bytes: Uint8Array, at: number) => Promise<void>;

/** Memory for small chunks: two of these for each writer. */
const COLLECTED_BYTES = 256 * 1024;
/** Larger chunks are not worth a copy. */
const LARGE_BYTES = 64 * 1024;

/** Buffers that no writer uses just now. */
const idle: Buffer[] = [];
const MOST_IDLE = 16;

/** Makes a writer. One write is under way at a time: what is there has no gap, whenever it ends. */
export function createWriter(write: Write, start: number): Writer {
  let at = start;
  let collected: Buffer | undefined;
  let bytes = 0;
  let writing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  return { add, flush };

  async function add(chunk: Uint8Array): Promise<void> {
    if (chunk.length >= LARGE_BYTES) {
      if (writing !== undefined) await flush();
      return begin(chunk);
    }
    for (let rest = chunk; rest.length > 0;) {
      if (bytes === COLLECTED_BYTES) await writing;
      if (failure !== undefined) throw failure.error;
      const some = rest.subarray(0, COLLECTED_BYTES - bytes);
      collected ??= idle.pop() ?? Buffer.allocUnsafeSlow(COLLECTED_BYTES);
      collected.set(some, bytes);
      bytes += some.length;
      rest = rest.subarray(some.length);
      if (writing === undefined) writeCollected(collected);
    }
  }

  async function flush(): Promise<void> {
    await writing;
    // What was collected meanwhile is being written now.
    if (writing !== undefined) return flush();
    if (failure !== undefined) throw failure.error;
  }

  function begin(chunk: Uint8Array): Promise<void> {
    const from = at;
    at += chunk.length;
    return write(chunk, from);
  }

  function writeCollected(full: Buffer): void {
    const filled = full.subarray(0, bytes);
    collected = undefined;
    bytes = 0;
    writing = begin(filled).then(done, (error: unknown) => {
      failure = { error };
      done();
    });

    function done(): void {
      if (idle.length < MOST_IDLE) idle.push(full);
      writing = undefined;
      if (collected !== undefined && failure === undefined) writeCollected(collected);
    }
  }
}
