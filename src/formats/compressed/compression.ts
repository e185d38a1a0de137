import { errorCode } from "../../errors.ts";
import { extensionsFor, type Mapped } from "../../lib/mapped-names.ts";
import type { Source } from "../../lib/source.ts";
import type { SampleRequest } from "../types.ts";

/** One way to compress a stream of bytes: equals in a list. */
export interface Compression {
  readonly name: string;
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** The same, of names that claim a tar inside. */
  readonly tarExtensions: readonly string[];
  /** True when these first bytes are this compression's. */
  matches(head: Uint8Array): boolean;
  /**
   * Returns what the first bytes of a file hold, as far as that is cheap to tell; for recognising.
   */
  start(head: Uint8Array): Uint8Array | undefined;
  /**
   * Yields all that the chunks hold, member after member, and returns the offset after the last
   * one. What comes before damage is yielded first. Output depends on the bytes, not on the chunk
   * borders. `alone` is awaited where decoding takes more than `LARGE_WINDOW_BYTES`.
   * @throws Failure FORMAT_INVALID, or an error of zlib's own, for damage; LIMIT_EXCEEDED where
   * decoding needs too much memory; NoSample for what it cannot decode; what the chunks throw.
   */
  decompress(
    chunks: AsyncIterable<Uint8Array>,
    alone?: SampleRequest["alone"],
  ): AsyncGenerator<Uint8Array, number, void>;
  /** Compresses. Equal input gives equal output. */
  compress: Compress;
  /**
   * Kinds of it that every reader of the compression reads, and that have an index: a sample of one
   * stays one.
   */
  readonly kinds?: readonly CompressionKind[];
}

type Compress = (chunks: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array, unknown, void>;

/** A kind of a compression. */
export interface CompressionKind {
  readonly name: string;
  isKind(source: Source): Promise<boolean>;
  readonly compress: Compress;
}

/**
 * Bytes of memory for what is referred back to while decoding; the same as the `zstd` command has.
 */
export const MAX_WINDOW_BYTES = 128 * 1024 * 1024;
/**
 * Bytes of a window above which only one thread decodes at a time. `xz -9` and `zstd --long` ask
 * for more.
 */
export const LARGE_WINDOW_BYTES = 16 * 1024 * 1024;

/** True for damaged bytes: our decoders throw FORMAT_INVALID, zlib and libzstd have codes of their own. */
export function isDamage(error: unknown): boolean {
  return /^(FORMAT_INVALID$|Z_|ZSTD_)/.test(errorCode(error) ?? "");
}

/**
 * The name inside a compression: `a.csv.zst` → `a.csv`, `a.tzst` → `a.tar`. Also removes an
 * extension that the configuration calls compressed.
 */
export function innerName(
  { name: own, extensions, tarExtensions }: Compression,
  name: string,
  mapped: Mapped,
): string {
  const lower = name.toLowerCase();
  const tar = tarExtensions.find((extension) => lower.endsWith(extension));
  if (tar !== undefined) return `${name.slice(0, -tar.length)}.tar`;
  const all = [...extensionsFor(own, mapped), ...extensions];
  const outer = all.find((extension) => lower.endsWith(extension));
  return outer === undefined ? name : name.slice(0, -outer.length);
}
