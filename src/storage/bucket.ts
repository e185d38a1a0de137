/** A bucket at one endpoint. Every request is tried again where that may help. */
export interface Bucket {
  readonly name: string;
  /** False where there is no bucket of that name. @throws Failure FORBIDDEN where it is another's */
  isThere(): Promise<boolean>;
  /** Makes it, in the endpoint's region; one that is ours already is fine. @throws Failure */
  create(): Promise<void>;
  /** Has it keep what is replaced or removed. With `isDry` it only looks. @throws Failure */
  keepVersions(isDry: boolean): Promise<Setting>;
  /** Has it keep a rule, beside others, in place of one with the same id. @throws Failure */
  setRule(rule: ExpiryRule, isDry: boolean): Promise<Setting>;
  /** Its policy, JSON; undefined where it has none, or the store has no policies. @throws Failure */
  policy(): Promise<string | undefined>;
  /** Gives it another policy, or none. @throws Failure, USAGE where the store has no policies */
  setPolicy(text: string | undefined): Promise<void>;
  /** Puts a small object; gives its ETag, or undefined where the condition does not hold. @throws Failure */
  put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<string | undefined>;
  /** A small object; undefined where there is none. @throws Failure */
  get(key: string): Promise<SmallObject | undefined>;
  /** Facts of an object; undefined where there is none. @throws Failure */
  head(key: string): Promise<ObjectFacts | undefined>;
  /** Objects whose keys begin so, in pages, in order; those after a key, if one is given. @throws Failure */
  list(prefix: string, after?: string): AsyncGenerator<readonly ListedObject[], void, void>;
  /** Removes objects, 1000 at most; what is not there is fine. @throws Failure where one is left */
  remove(keys: readonly string[]): Promise<void>;
  /** Copies an object of the same service, 5 GiB at most; gives the ETag. @throws Failure */
  copy(from: BucketObject, key: string, metadata: Metadata): Promise<string>;
  /** A signed URL that gives an object to anybody: a secret. Nothing is asked. @throws Failure */
  sign(key: string, options: SignOptions): Promise<string>;
  /** Begins an upload in parts. @throws Failure */
  begin(key: string, metadata: Metadata): Promise<Upload>;
  /** Sends a part, which the store compares with its SHA-256; gives its ETag. @throws Failure */
  part(upload: Upload, part: PartBytes): Promise<string>;
  /** Copies a part from an object of the same service; gives its ETag. @throws Failure */
  copyPart(upload: Upload, part: PartRange): Promise<string>;
  /** Parts that the store has. @throws Failure */
  parts(upload: Upload): AsyncGenerator<readonly StoredPart[], void, void>;
  /** Uploads that are not complete, of keys that begin so. @throws Failure */
  uploads(prefix: string): AsyncGenerator<readonly Upload[], void, void>;
  /** Makes the object of its parts; gives its facts. @throws Failure */
  complete(upload: Upload, parts: readonly PartTag[]): Promise<ObjectFacts>;
  /** Gives an upload up, with its parts; one that is not there is fine. @throws Failure */
  abort(upload: Upload): Promise<void>;
}

/** An object in a bucket of the same service. */
export interface BucketObject {
  readonly bucket: string;
  readonly key: string;
}

/** Names and values that are kept beside an object, ASCII. */
export type Metadata = Readonly<Record<string, string>>;

/** The state of a setting; `lacking`: the store has no such thing; `due`: it would be set. */
export interface Setting {
  readonly state: "set" | "kept" | "due" | "lacking";
  /** The store's answer where it is lacking. */
  readonly reason?: string;
}

/** A rule by which a bucket removes objects by itself. */
export interface ExpiryRule {
  readonly id: string;
  /** The beginning of the keys that it is for. */
  readonly prefix: string;
  /** Age of an object, days. */
  readonly days: number;
  /** Days since an object was replaced or removed. */
  readonly oldVersionDays: number;
  /** Age of an upload in parts that was not completed, days. */
  readonly partDays: number;
}

/** Options of `Bucket.put`. */
export interface PutOptions {
  readonly metadata?: Metadata;
  /** Hashes of the bytes, where they are known. */
  readonly hashes?: Hashes;
  /**
   * Put only in place of the object with this ETag, or where there is none. A store that has no
   * conditions is asked before and after, so that another writer can still come between.
   */
  readonly only?: { readonly inPlaceOf: string } | "where there is none";
}

/** Options of `Bucket.sign`. */
export interface SignOptions {
  /** Begin of the URL's time. */
  readonly at: Date;
  readonly seconds: number;
}

/** Hashes of an object's bytes. */
export interface Hashes {
  readonly md5: Buffer;
  readonly sha256: Buffer;
}

/** A small object. */
export interface SmallObject {
  readonly bytes: Buffer;
  readonly etag: string;
}

/** Facts of an object. */
export interface ObjectFacts {
  readonly bytes: number;
  /** Without quotes. Of one that was sent at once it is mostly the MD5, hexadecimal. */
  readonly etag: string;
  readonly metadata: Metadata;
}

/** An object as a listing has it. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  readonly changedAt: Date;
}

/** An upload in parts that is not complete. */
export interface Upload {
  readonly key: string;
  readonly id: string;
}

/** A part of an upload, by its number, from 1 on. */
export interface PartTag {
  readonly n: number;
  readonly etag: string;
}

/** A part that the store has. */
export interface StoredPart extends PartTag {
  readonly bytes: number;
}

/** A part to send. */
export interface PartBytes {
  readonly n: number;
  readonly bytes: Uint8Array;
  readonly sha256: Buffer;
}

/** A part to copy; `end` is the byte after its last one. */
export interface PartRange {
  readonly n: number;
  readonly from: BucketObject;
  readonly start: number;
  readonly end: number;
}
