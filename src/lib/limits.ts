/** Bounds of one sample and of the work it may cost. */
export interface Limits {
  /** Records in a sample. */
  readonly rows: number;
  /** Bytes of a sample, before compression. */
  readonly bytes: number;
  /** Members of an archive that are sampled. */
  readonly members: number;
  /** Members of a tar that are sampled; 0 where it is only listed. */
  readonly tarMembers: number;
  /** Bytes read from bronze. */
  readonly readBytes: number;
  /** Bytes of one record. */
  readonly recordBytes: number;
  /** Seconds of work on one file. */
  readonly seconds: number;
  /** Containers within containers. */
  readonly depth: number;
  /** Decompressed bytes for each compressed one. */
  readonly ratio: number;
}
