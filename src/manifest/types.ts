/** A manifest line that is an entry. */
export interface Entry {
  readonly raw: string;
  readonly bronze: string;
  /** Seconds since epoch. */
  readonly mtime: number;
}

/** A manifest line that is none. */
export interface RejectedLine {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly reason: string;
}

/** The point up to which a manifest file has been taken in. */
export interface Checkpoint {
  /** Inode. */
  readonly file: string;
  /** Its name in the manifests directory when it was last seen. */
  readonly path: string;
  /** Bytes, after the last complete line. */
  readonly offset: number;
  /** Lines before the offset. */
  readonly line: number;
  /** SHA-256 (hex) of the up to 4 KiB before the offset. */
  readonly hash: string;
  /** Set for a file that was renamed: when it was read to its end, ms since epoch. */
  readonly retiredAt: number | null;
}
