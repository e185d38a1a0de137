/** Keys of an account at the store. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A service that speaks S3, alone on loopback. */
export interface ObjectStore extends AsyncDisposable {
  readonly url: URL;
  readonly region: string;
  readonly keys: Keys;
  /** Of another account, which has no right to the first one's buckets. */
  readonly otherKeys: Keys;
}
