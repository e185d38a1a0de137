import { errorMessage, Failure, NoSample } from "../../errors.ts";
import { bz2 } from "./bz2.ts";
import { type Compression, isDamage } from "./compression.ts";
import { gz } from "./gz.ts";
import { lz4 } from "./lz4.ts";
import { lzma } from "./lzma-alone.ts";
import { xz } from "./xz.ts";
import { z } from "./z.ts";
import { zst } from "./zst.ts";

/** Every compression that is read, in order of priority. */
export const compressions: readonly Compression[] = [gz, zst, xz, bz2, lz4, z, lzma];

/** Those of which it can be told that a file is whole: `.Z` has neither an end nor a checksum. */
export const withEnd: readonly Compression[] = compressions.filter((one) => one !== z);

/** A compressed file as it is stored. */
export interface CompressedFile {
  /** Its extension names the compression. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Yields what a compressed file holds; what comes before damage is yielded first.
 * @throws Failure FORMAT_INVALID where the file is damaged, cut off, followed by other bytes, or of
 * a compression that is not read, or has no end; what the chunks throw.
 */
export async function* decompress({
  name,
  size,
  chunks,
}: CompressedFile): AsyncGenerator<Uint8Array, void, void> {
  const found = compressionOf(name);
  try {
    const end = yield* found.decompress(chunks);
    if (end >= size) return;
  } catch (error) {
    const isOurs = error instanceof Failure || error instanceof NoSample || isDamage(error);
    if (!isOurs) throw error;
    const message = `damaged or cut off ${found.name}: ${errorMessage(error)}`;
    throw new Failure("FORMAT_INVALID", message, { cause: error });
  }
  throw new Failure("FORMAT_INVALID", `bytes follow the end of the ${found.name} data`);
}

function compressionOf(name: string): Compression {
  const lower = name.toLowerCase();
  const found = withEnd.find(({ extensions }) =>
    extensions.some((extension) => lower.endsWith(extension)),
  );
  if (found !== undefined) return found;
  const known = withEnd.map((compression) => compression.extensions.join(", ")).join(", ");
  throw new Failure("FORMAT_INVALID", `compressed in a way that is not read; ${known} are`);
}
