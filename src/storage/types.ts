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
  /** Writes a file as an object, where locations of this kind can be written. @throws as `read` */
  write?(url: URL, request: WriteRequest): Promise<void>;
  /**
   * Lists the files that lie below a location, at any depth, in no order, where locations of this kind
   * have others below them. @throws Failure as `read`
   */
  list?(url: URL, rules: ListRules): AsyncIterable<ListedFile>;
}

/** Options of `Storage.list`. */
export interface ListRules {
  /** Tries of a request that may fail, after the first one. */
  readonly retries: number;
  /** Time without a byte after which the source has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/** A file that lies below a location. */
export interface ListedFile {
  /** Its path from there. */
  readonly path: string;
  /** Its location, as a person writes it. */
  readonly location: string;
  /** Its size; undefined where the listing does not say. */
  readonly bytes?: number;
}

/** Options of `Storage.write`. */
export interface WriteRequest {
  /** The file, absolute. */
  readonly path: string;
  /** Its size, bytes. */
  readonly bytes: number;
  /** Time without a byte after which the other side has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/** Options of `Storage.read`. */
export interface ReadRequest {
  /** The first byte that is wanted. */
  readonly start: number;
  /** The byte after the last one that is wanted; undefined for all that follow. */
  readonly end?: number | undefined;
  /** The version that was read before: only of it can a part be used. Undefined before the first read. */
  readonly version: string | undefined;
  /** A version that is here already: the source says `isUnchanged` of it, and sends no byte. */
  readonly unless?: string | undefined;
  /** Time without a byte after which the source has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** True where a chunk is worked off before the next one is asked for: its memory may be used again then. */
  readonly isTransient?: boolean | undefined;
}

/** An object, from some byte on. */
export interface Reply {
  /**
   * Offset of the first byte: 0 where the object has another version, or no part of it can be had. All
   * that follow it are sent then, too.
   */
  readonly start: number;
  /** True where the object has the version of `unless`; there are no chunks then. */
  readonly isUnchanged: boolean;
  /** True where parts of the object can be read. */
  readonly hasRanges: boolean;
  /** Name that the source gives the object, where its URL does not say it. */
  readonly name?: string | undefined;
  /** Size of the whole object, bytes, as the source says; undefined where it does not. */
  readonly size: number | undefined;
  /** Tells this version of the object from any other; undefined where nothing does. */
  readonly version: string | undefined;
  /** Hashes of the whole object that the source offers. */
  readonly offered: Digests;
  /** A content encoding that was not asked for, such as gzip: the bytes are the encoded ones. */
  readonly encoding: string | undefined;
  /** The bytes; leaving the loop ends the read. @throws as `Storage.read` */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Ends a read whose bytes are not wanted. */
  close(): void;
}

/** Hashes, lower-case hexadecimal. */
export interface Digests {
  readonly sha256?: string;
  readonly md5?: string;
}

/** Thrown where a source cannot be read now, and may be later. */
export class Unavailable extends Error {
  /** Time until the source wants to be asked again, ms at least. */
  readonly retryMs: number | undefined;
  /** True where the source sent another part, or a part of another version, than was asked for. */
  readonly isOther: boolean;
  /** Bytes that a try that ended so has to have brought: with fewer it counts as one that brought nothing. */
  readonly leastBytes: number;

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly retryMs?: number | undefined;
      readonly isOther?: boolean;
      readonly leastBytes?: number;
    } = {},
  ) {
    super(message, options);
    this.name = "Unavailable";
    this.retryMs = options.retryMs;
    this.isOther = options.isOther ?? false;
    this.leastBytes = options.leastBytes ?? 1;
  }
}
