/** Bytes of all buffers, three parts of the usual size: a fourth one takes more memory than is allowed. */
export const BUFFER_BYTES = 48 * 1024 ** 2;
/** Those of so many bytes are made anew. */
export const SMALL_BYTES = 1024 ** 2;

/** Buffers that are used again, so many bytes together. */
export interface Buffers {
  /** A buffer of this size, once there is room for it: who comes first gets it first. */
  take(bytes: number): Promise<Buffer>;
  /** Gives it back, whether it is used again or not. */
  give(buffer: Buffer): void;
}

/** Makes them; a buffer that is larger than all together is given alone. */
export function createBuffers(mostBytes: number): Buffers {
  const kept: ArrayBufferLike[] = [];
  const waiting: { readonly bytes: number; readonly begin: () => void }[] = [];
  let used = 0;

  function next(): void {
    for (let [first] = waiting; first !== undefined; [first] = waiting) {
      if (used > 0 && used + first.bytes > mostBytes) return;
      waiting.shift();
      used += first.bytes;
      first.begin();
    }
  }

  return {
    async take(bytes) {
      const turn = Promise.withResolvers<void>();
      waiting.push({ bytes, begin: turn.resolve });
      next();
      await turn.promise;
      const at = kept.findIndex(({ byteLength }) => byteLength === bytes);
      const [again] = at === -1 ? [] : kept.splice(at, 1);
      return again === undefined ? Buffer.allocUnsafeSlow(bytes) : Buffer.from(again);
    },
    give(buffer) {
      used -= buffer.length;
      // Large ones are of one size, but for those of very large files.
      if (kept[0]?.byteLength !== buffer.length && buffer.length > SMALL_BYTES) kept.length = 0;
      const hasRoom = kept.length === 0 || (kept.length + 1) * buffer.length <= mostBytes;
      if (hasRoom && buffer.length > SMALL_BYTES) kept.push(buffer.buffer);
      next();
    },
  };
}
