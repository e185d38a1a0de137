import type { Storages } from "../storage/index.ts";
import type { RateLimit } from "./rate.ts";

/** Options of `download`. */
export interface DownloadOptions {
  readonly storages: Storages;
  /**
   * The file while it is transferred, absolute, with its journal, `<part>.json`; a small one is in memory
   * instead, and then for a moment in `<part>.<8 hex>`.
   */
  readonly part: string;
  /** The file that it becomes, absolute, on the same file system; `sha256` is of its bytes. */
  readonly target: (sha256: string) => string;
  /** Permissions of the file. */
  readonly mode: number;
  /**
   * False: after a power loss the file may have lost its name, as one that would be fetched again may;
   * never its bytes. True by default.
   */
  readonly syncsName?: boolean | undefined;
  /** Size that what is sent has to have, bytes. */
  readonly bytes?: number | undefined;
  /** SHA-256 that what is sent has to have, lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  /** Tries in a row that may bring nothing. */
  readonly retries: number;
  /** Time without a byte, or with less than 1 KiB a second, after which the source has stalled, ms. */
  readonly stallMs: number;
  /** Bytes that the file may have; any by default. */
  readonly maxBytes?: number | undefined;
  /** Ranges of one object that are fetched at once, where one stream alone is slow; 8 by default. */
  readonly parts?: number | undefined;
  /** Bytes of such a range; objects of less than two are fetched in one. 16 MiB by default. */
  readonly partBytes?: number | undefined;
  /** The rate that all transfers share. */
  readonly limit?: RateLimit | undefined;
  /**
   * True: the file gets what is compressed in the object: gzip, zstd, xz, bzip2 or LZ4, as its first bytes
   * say. `bytes`, `sha256` and what the source offers are of what is sent, all the same.
   */
  readonly decompress?: boolean | undefined;
  /** Decompressed bytes that each sent one may become; 1000 by default. */
  readonly ratio?: number | undefined;
  readonly signal: AbortSignal;
  /** Told how many bytes are there, and how many there are to be, where that is known; both as sent. */
  readonly onProgress?: (bytes: number, size: number | undefined) => void;
  /** A random number, 0 to 1, that spreads the waits; tests give their own. */
  readonly random?: () => number;
}

/** The result of `download`. */
export interface Downloaded {
  /** Of the file. */
  readonly bytes: number;
  /** Of the file, lower-case hexadecimal. */
  readonly sha256: string;
  /** The bytes that were sent, where they were decompressed. */
  readonly encoded?: { readonly bytes: number; readonly sha256: string };
  /**
   * True where a hash, from the caller or the source, or the caller's size says that these are the
   * bytes. Without one nobody can tell a login page, or a length that was understated, from the object.
   */
  readonly verified: boolean;
  /** The content encoding that the bytes have, though none was asked for. */
  readonly encoding?: string;
  /** The version of the object, where its source tells versions apart. */
  readonly version?: string;
  /** Times that it was asked for. */
  readonly requests: number;
}
