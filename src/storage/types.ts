/** A kind of location that objects lie in. */
export interface Storage {
  /** Protocols of its URLs, with their colon. */
  readonly protocols: readonly string[];
  /**
   * Begins to read an object.
   * @throws Unavailable where it is worth another try; Failure FILE_MISSING, FORBIDDEN, URL_EXPIRED,
   * FILE_UNREADABLE or UNREACHABLE; the signal's reason once it is aborted
   */
  read(url: URL, request: ReadRequest): Promise<Reply>;
}

/** Options of `Storage.read`. */
export interface ReadRequest {
  /** Bytes to leave out; they are left out only where the object has the version. */
  readonly start: number;
  /** The version that was read before; undefined where nothing was, or none is known. */
  readonly version: string | undefined;
  /** Time without a byte after which the source has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/** An object, from some byte on. */
export interface Reply {
  /** Offset of the first byte: 0 where the object has another version, or no part of it can be had. */
  readonly start: number;
  /** Size of the whole object, bytes, as the source says; undefined where it does not. */
  readonly size: number | undefined;
  /** Tells this version of the object from any other; undefined where nothing does. */
  readonly version: string | undefined;
  /** Hashes of the whole object that the source offers. */
  readonly offered: Digests;
  /** A content encoding that was not asked for, such as gzip: the bytes are the encoded ones. */
  readonly encoding: string | undefined;
  /** The bytes. @throws as `Storage.read` */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Hashes, lower-case hexadecimal. */
export interface Digests {
  readonly sha256?: string;
  readonly md5?: string;
}

/** Thrown where a source cannot be read now, and may be later. */
export class Unavailable extends Error {
  /** When the source wants to be asked again at the earliest, in ms from now. */
  readonly retryMs: number | undefined;

  constructor(
    message: string,
    options: ErrorOptions & { readonly retryMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.name = "Unavailable";
    this.retryMs = options.retryMs;
  }
}
