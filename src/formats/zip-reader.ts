import { Readable } from "node:stream";
import yauzl, { type ZipFile } from "yauzl";
import { Failure } from "../errors.ts";
import { cachedSlice } from "../lib/blocks.ts";
import type { Source } from "../types.ts";
import { faultOf } from "./fault.ts";
import { findZip, type ZipExtent } from "./zip-end.ts";

type Slice = NonNullable<Source["slice"]>;

/** A zip's directory, and its bytes from its own start on. */
export interface OpenZip {
  readonly directory: ZipFile;
  readonly slice: Slice;
}

/**
 * Opens the directory of a zip for reading entry by entry. Entry sizes and names are taken as they
 * are: members are cut anyway, and names are made safe where they are used.
 * @throws Failure FORMAT_INVALID when there is no directory; what `slice` throws.
 */
export async function openZip(slice: Slice, size: number, signal: AbortSignal): Promise<OpenZip> {
  const cached = cachedSlice(slice);
  const extent = await findZip(cached, size);
  if (extent === undefined) {
    throw new Failure("FORMAT_INVALID", "not a whole zip: no directory at its end");
  }
  const moved =
    (from: Slice): Slice =>
    (start, end) =>
      from(extent.start + start, extent.start + end);
  const reader = new SliceReader(moved(cached), extent);
  try {
    const directory = await yauzl.fromRandomAccessReaderPromise(reader, extent.end - extent.start, {
      decodeStrings: false,
      validateEntrySizes: false,
      autoClose: false,
    });
    return { directory, slice: moved(slice) };
  } catch (error) {
    const message = `not a whole zip: ${faultOf(error, signal)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
}

/** yauzl's way to read from something that is not a file; it wants a subclass. */
class SliceReader extends yauzl.RandomAccessReader {
  readonly #slice: Slice;
  /** The end record's comment length: shown as 0, since the comment is left out. */
  readonly #commentLengthAt: number;

  constructor(slice: Slice, { start, end }: ZipExtent) {
    super();
    this.#slice = slice;
    this.#commentLengthAt = end - start - 2;
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
        const comment = this.#commentLengthAt - position;
        if (comment >= 0 && comment < length) buffer.fill(0, offset + comment, offset + length);
        callback(bytes.length < length ? new Error("unexpected end of file") : null);
      },
      (error: unknown) => callback(error as Error),
    );
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#slice(start, end).then((bytes) => [bytes]) as never);
  }
}
