import { Readable } from "node:stream";
import yauzl, { type ZipFile } from "yauzl";
import { errorMessage, Failure } from "../errors.ts";
import { cachedSlice } from "../lib/blocks.ts";
import type { Source } from "../types.ts";

/**
 * Opens the directory of a zip for reading entry by entry. Entry sizes and names are taken as they
 * are: members are cut anyway, and names are made safe where they are used.
 * @throws Failure FORMAT_INVALID when there is no directory; what `slice` throws.
 */
export async function openZip(slice: NonNullable<Source["slice"]>, size: number): Promise<ZipFile> {
  const reader = new SliceReader(cachedSlice(slice));
  try {
    return await yauzl.fromRandomAccessReaderPromise(reader, size, {
      decodeStrings: false,
      validateEntrySizes: false,
      autoClose: false,
    });
  } catch (error) {
    if (error instanceof Failure) throw error;
    const message = `not a zip: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
}

/** yauzl's way to read from something that is not a file; it wants a subclass. */
class SliceReader extends yauzl.RandomAccessReader {
  readonly #slice: NonNullable<Source["slice"]>;

  constructor(slice: NonNullable<Source["slice"]>) {
    super();
    this.#slice = slice;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#slice(position, position + length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(bytes.length < length ? new Error("unexpected end of file") : null);
      },
      (error: unknown) => callback(error as Error),
    );
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#slice(start, end).then((bytes) => [bytes]) as never);
  }
}
