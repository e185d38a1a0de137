import type { Hash } from "node:crypto";
import type { Bucket } from "../storage/bucket.ts";
import type { RateLimit } from "../transfer/rate.ts";
import type { Buffers } from "./buffers.ts";

/** Options of `sendSource`. */
export interface SendOptions {
  readonly bucket: Bucket;
  readonly buffers: Buffers;
  /** Bytes of a part; smaller files are sent at once. */
  readonly partBytes: number;
  /** True where an earlier process may have sent some of it: what is there and right stays. */
  readonly isAgain: boolean;
  readonly limit: RateLimit;
  readonly signal: AbortSignal;
  /** Told of bytes that are there now. */
  readonly onBytes: (bytes: number) => void;
}

/** An object that was sent. */
export interface Sent {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** The ETag that its bytes give: MD5, or that of the MD5s of parts. */
  readonly etag: string;
  /** Bytes of each part but the last one; 0 where it was sent at once. */
  readonly part_bytes: number;
}

/** Bytes that are read once, from their start to their end. */
export interface SourceBytes {
  /** A path or a location, for messages. */
  readonly name: string;
  readonly key: string;
  /** Bytes that it has; undefined where that is known at its end only. */
  readonly size: number | undefined;
  /** Bytes that it has at most. */
  readonly most: number;
  /** Folds what is sent. */
  readonly sha256: Hash;
  /**
   * Fills a buffer with the bytes that come next, and gives how many these are: fewer than there is
   * room for at the end alone. @throws Failure FILE_CHANGED where there are fewer than there should be
   */
  fill(buffer: Buffer): Promise<number>;
  /** Called once all is read and folded. @throws Failure where these are not the bytes that are meant */
  checkUnchanged(): void;
}
