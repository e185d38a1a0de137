/** Something that can be read at a position, such as a FileHandle. */
export interface ReadableAt {
  read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
}

/**
 * Reads bytes `start` to `end` (exclusive). One read may bring fewer than it was asked for; fewer
 * here mean the end of the file.
 * @throws what reading throws
 */
export async function readRange(file: ReadableAt, start: number, end: number): Promise<Buffer> {
  const bytes = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
