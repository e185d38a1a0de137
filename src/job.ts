import type { FailureCode } from "./errors.ts";

/** Bytes of one file or of one member of a container. A source is read once, by one sampler. */
export interface Source {
  /** File name, without directories; its extension is the first hint at the format. */
  readonly name: string;
  /** Length in bytes, where it is known before reading. */
  readonly size?: number;
  /** Seconds since epoch, where it is known. */
  readonly mtime?: number;
  /** The first 64 KiB, or all there is if that is less. Reading them again costs nothing. */
  head(): Promise<Uint8Array>;
  /** All bytes from the start, in chunks of any length. */
  stream(): AsyncIterable<Uint8Array>;
  /** Bytes `start` to `end` (exclusive), fewer at the end of the file. Present = random access. */
  slice?(start: number, end: number): Promise<Uint8Array>;
  /** Raises what may be read in all to this many bytes, where the limit is lower. */
  allowReading?(bytes: number): void;
}

/** What bounds one sample and the work it may cost. */
export interface Limits {
  /** Records in a sample. */
  readonly rows: number;
  /** Bytes of a sample, before compression. */
  readonly bytes: number;
  /** Members of an archive that are sampled. */
  readonly members: number;
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

/** Which limit left something out: `sample.rows`, `sample.bytes` or `sample.members`. */
export type Cut = "rows" | "bytes" | "members";

/** What a sampler says of the sample it made. */
export interface SampleSummary {
  readonly format: string;
  /** Records in the sample: rows, lines, elements or listed entries. */
  readonly rows?: number;
  /** True when nothing was left out. */
  readonly complete: boolean;
  readonly cut?: Cut;
  /** Entries an archive holds, where that is known without reading through it. */
  readonly entries?: number;
  /** Why there is no sample in the file's own format. */
  readonly reason?: string;
  readonly warnings: readonly string[];
}

/** Yields the sample's bytes and returns what it is. */
export type SampleStream = AsyncGenerator<Uint8Array, SampleSummary, void>;

/** Everything a sampler may use. */
export interface SampleRequest {
  readonly source: Source;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** Containers around this source: 0 for a file. */
  readonly depth: number;
  /** Extension → format name, from the configuration. */
  readonly extensions: Readonly<Record<string, string>>;
  /** Resolves once no other thread is at a file that takes much memory; absent without threads. */
  readonly alone?: (() => Promise<void>) | undefined;
  /** How a container has what it holds recognised. */
  readonly recognise: (request: SampleRequest) => Promise<Recognised>;
}

/** What spoke for a format: the file's name, `formats.extensions`, or the file's first bytes. */
export type RecognisedBy = "name" | "configuration" | "content";

/** A format, and what spoke for it. */
export interface Recognised {
  readonly format: Format;
  readonly by: RecognisedBy;
  /** Set when the content corrected the name. */
  readonly warning?: string;
  /** Set when the format is `unknown`: why. */
  readonly reason?: string;
}

/** One file format: equals in a closed list. */
export interface Format {
  readonly name: string;
  /** Lower case, with the dot. */
  readonly extensions: readonly string[];
  /** `text` formats have no signature: their content only has to be text. */
  readonly kind: "text" | "binary";
  /** The sample's extension where it is not the file's own, such as `.txt` for a listing. */
  readonly sampleExtension?: string;
  /** Whether these first bytes are this format's. Absent for text. */
  matches?(head: Uint8Array): boolean;
  sample(request: SampleRequest, recognised: Recognised): SampleStream;
}

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

/** How far one manifest file has been taken in. */
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

/** One piece of work: sample this bronze file. Plain JSON. */
export interface Job {
  /** `vendor/dataset/version`. */
  readonly dataset: string;
  readonly raw: string;
  readonly bronze: string;
  /** Seconds since epoch, of the raw file. */
  readonly mtime: number;
  /** Arrival number of the line that made it due. */
  readonly seq: number;
  /** Where the sample goes, relative to `samples/`. */
  readonly name: string;
  /** The extension in that name where it is not raw's own. */
  readonly extension: string | null;
  /** Where links led when the dataset was first held (`lake/lake.ts`); null where there were none. */
  readonly linkedTo?: string | null | undefined;
}

/** A sample stands under its name. */
export interface Sampled extends SampleSummary {
  readonly outcome: "sampled";
  readonly recognisedBy: RecognisedBy;
  /** Bytes of the sample. */
  readonly bytes: number;
  /** Bytes read from bronze. */
  readonly readBytes: number;
  /** Bytes of the bronze file. */
  readonly sourceSize: number;
  readonly ms: number;
}

/** No sample, and why. */
export interface Failed {
  readonly outcome: "failed";
  readonly code: FailureCode;
  readonly message: string;
  readonly readBytes: number;
  readonly ms: number;
}

/** The whole dataset has to wait: its storage is missing or full. The entry stays due. */
export interface Paused {
  readonly outcome: "paused";
  readonly code: FailureCode;
  readonly message: string;
}

/** The content asks for another extension than the job's name has; ask again with that one. */
export interface Misnamed {
  readonly outcome: "misnamed";
  /** The sample's extension, or null for the raw file's own. */
  readonly extension: string | null;
  /** Bytes read from bronze to find that out. */
  readonly readBytes: number;
}

/** The work was stopped from outside; the entry stays due. */
export interface Abandoned {
  readonly outcome: "abandoned";
}

/** What became of a job. Plain JSON. */
export type Outcome = Sampled | Failed | Paused | Misnamed | Abandoned;

/** Does one job. Never throws. The one seam for threads and queues. */
export type Handle = (job: Job, signal: AbortSignal) => Promise<Outcome>;
