import { Failure, NoSample } from "../errors.ts";
import { collect } from "../lib/collect.ts";
import { memorySource } from "../lib/memory-source.ts";
import type { Source } from "../lib/source.ts";

/** A source that can be read at any place. */
export type SeekableSource = Source & Required<Pick<Source, "slice" | "size">>;

/** True for a source that can be read at any place as it is. */
export function isSeekable(source: Source): source is SeekableSource {
  return source.slice !== undefined && source.size !== undefined;
}

/**
 * The source of a format that is read from its end, `what` being its name. What is inside a
 * container can be read from its start only: it is held in memory, up to 16 MiB.
 * @throws NoSample where it has more; Failure LIMIT_EXCEEDED where the source itself says why it
 * cannot be read so; what reading throws
 */
export async function seekable(source: Source, what: string): Promise<SeekableSource> {
  if (isSeekable(source)) return source;
  const { name, whyNoSlice } = source;
  if (whyNoSlice !== undefined) {
    throw new Failure("LIMIT_EXCEEDED", `${name} is read from its end: ${whyNoSlice}`);
  }
  const { bytes, isCut } = await collect(source.stream());
  if (isCut) throw new NoSample(`${what} of more than 16 MiB in a container`);
  return memorySource(name, bytes) as SeekableSource;
}
