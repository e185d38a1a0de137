import type { ProcessName } from "../system/process-name.ts";

/**
 * The memory of staging on this machine: staged files, transfers under way, runs. Several processes
 * share it. All of it can be lost without loss: files are fetched again then.
 */
export interface StagingStore {
  readonly files: StagedFiles;
  readonly leases: Leases;
  readonly runs: Runs;
  readonly documents: Documents;
  /** Closes it; nothing is asked afterwards. @throws Failure CACHE_UNUSABLE */
  close(): Promise<void>;
}

/** A file in the store's directory. */
export interface StoredFile {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Bytes as they were sent. */
export interface Encoded {
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** An object that a stored file has the bytes of. */
export interface StoredObject extends StoredFile {
  /** Identity of the object, hashed: see `keyOf`. */
  readonly key: string;
  /** The location, as it may be shown. */
  readonly location: string;
  /** The version of the object; undefined where its source tells none apart. */
  readonly version: string | undefined;
  /** True where a hash or a size that was known says that these are its bytes. */
  readonly verified: boolean;
  /** The content encoding that the bytes have, though none was asked for. */
  readonly encoding: string | undefined;
  /** Bytes that were sent, where the file has what is compressed in them. */
  readonly encoded: Encoded | undefined;
}

/** A stored file as it is listed. */
export interface ListedFile extends StoredFile {
  /** ms since epoch. */
  readonly usedAt: number;
  /** Locations that it is known by, as they may be shown. */
  readonly locations: readonly string[];
  /** Runs that have it. */
  readonly runs: number;
}

/** The staged files. */
export interface StagedFiles {
  /** The file of an object. */
  ofObject(key: string): Promise<StoredObject | undefined>;
  /** The file of these bytes. */
  withHash(sha256: string): Promise<StoredFile | undefined>;
  /** Adds an object and its file; also counts as a use of the file. Times are ms since epoch. */
  add(object: StoredObject, now: number): Promise<void>;
  /** Notes that files were used. */
  touch(sha256s: readonly string[], now: number): Promise<void>;
  /** Forgets files, and that objects have them. */
  remove(sha256s: readonly string[]): Promise<void>;
  /** All files, the one that was used last first. */
  list(): Promise<readonly ListedFile[]>;
  /**
   * The least recently used files that no run has, without which at most `bytes` are left; none that
   * was used after `before`, ms since epoch.
   */
  surplus(bytes: number, before: number): Promise<readonly StoredFile[]>;
}

/** Phases of a transfer. */
export type Phase = "preparing" | "transferring" | "verifying";

/** A transfer's state, for the processes that wait for it. */
export interface LeaseProgress {
  readonly phase: Phase;
  /** Bytes that are there. */
  readonly bytes: number;
  /** Bytes that there are to be; undefined where that is not known. */
  readonly size: number | undefined;
}

/** A lease that somebody holds, or held. */
export interface Lease extends LeaseProgress {
  readonly token: string;
  readonly owner: ProcessName;
  /** Last sign of life, ms since epoch. */
  readonly beatAt: number;
  /** Released: what was fetched is left for the next one. */
  readonly state: "held" | "released" | "failed";
  /** The failure's code and message, where it failed. */
  readonly code: string | undefined;
  readonly message: string | undefined;
}

/** The right to transfer an object, or to work on a run: one process has it at a time. */
export interface Leases {
  look(key: string): Promise<Lease | undefined>;
  /**
   * Takes a lease that nobody holds, or that of the holder `from`, which is known to be gone. False
   * where somebody else was faster.
   */
  take(lease: LeaseWanted, now: number): Promise<boolean>;
  /** Gives a sign of life. False where another process has taken the lease over. */
  keep(key: string, token: string, progress: LeaseProgress, now: number): Promise<boolean>;
  /** Gives it back with what was fetched for the next one, or with the failure for those who wait. */
  release(key: string, token: string, failure?: LeaseFailure): Promise<void>;
  /** Forgets it: the object is staged. */
  remove(key: string, token: string): Promise<void>;
}

/** A lease to take. */
export interface LeaseWanted {
  readonly key: string;
  readonly token: string;
  readonly owner: ProcessName;
  /** Token of the holder it is taken from; undefined where none was seen. */
  readonly from: string | undefined;
}

/** The reason why a transfer failed. */
export interface LeaseFailure {
  readonly code: string;
  readonly message: string;
}

/** States of a run. */
export type RunState = "staging" | "running" | "ready" | "failed";

/** A run, as it is remembered. Who works on it has a lease of its id; without one it stays until it is released. */
export interface RunRow {
  readonly id: string;
  /** Absolute. */
  readonly directory: string;
  readonly state: RunState;
  /** ms since epoch. */
  readonly createdAt: number;
  /** ms since epoch. */
  readonly expiresAt: number;
  /** The result, as it was told; undefined while there is none. */
  readonly result: unknown;
}

/** The runs. */
export interface Runs {
  add(run: RunRow): Promise<void>;
  /** Changes a run; what is not named stays. */
  update(id: string, change: Partial<Omit<RunRow, "id">>): Promise<void>;
  /** Notes the staged files that a run has. */
  hold(id: string, sha256s: readonly string[]): Promise<void>;
  find(id: string): Promise<RunRow | undefined>;
  /** All of them, the newest first. */
  list(): Promise<readonly RunRow[]>;
  remove(id: string): Promise<void>;
}

/** Times that a staging was fetched, by day: `2026-11-30` → 3. */
export type Uses = Readonly<Record<string, number>>;

/** A document of a bucket, as it was when it was read. */
export interface KnownDocument {
  readonly region: string;
  readonly key: string;
  /** Tells this version of it from any other. */
  readonly etag: string;
  /** JSON; empty where there is a problem. */
  readonly text: string;
  /** The reason why it is no document of a staging. */
  readonly problem: string | undefined;
  readonly uses: Uses;
}

/** A region, and when its bucket was read last. */
export interface KnownRegion {
  readonly name: string;
  /** ms since epoch; 0 where this machine changed something since. */
  readonly readAt: number;
  /** Time that reading it took, ms. */
  readonly tookMs: number;
  /** The reason why it could not be read then: what is known of it is older. */
  readonly problem: string | undefined;
}

/** A reading of a region's bucket. */
export interface RegionRead extends KnownRegion {
  /** Documents that are new, or differ from what is known. */
  readonly changed: readonly Omit<KnownDocument, "region">[];
  /** Keys of those that are not there any more. */
  readonly gone: readonly string[];
}

/** Documents of stagings, as the buckets of regions had them last. */
export interface Documents {
  /** All of a region, by key. */
  of(region: string): Promise<readonly KnownDocument[]>;
  /** The regions that were ever read. */
  regions(): Promise<readonly KnownRegion[]>;
  /** Notes a reading. */
  note(read: RegionRead): Promise<void>;
  /** Notes that something was changed in regions: they are to be read before they are shown. */
  outdate(regions: readonly string[]): Promise<void>;
}
