import type { Limits } from "../lib/limits.ts";
import type { Mapped } from "../lib/mapped-names.ts";
import type { Cut, Cutter } from "../lib/records.ts";
import type { Source } from "../lib/source.ts";

/** Facts of a sample, as its sampler returns them. */
export interface SampleSummary {
  readonly format: string;
  /** Records in the sample: rows, lines, elements or listed entries. */
  readonly rows?: number;
  /** True when nothing was left out. */
  readonly complete: boolean;
  readonly cut?: Cut;
  /** True where the sample is a description: it has nothing of the content but a first look. */
  readonly described?: true;
  /** The confidence in a format that only the content of a text showed, from 0 to 1. */
  readonly confidence?: number;
  /** Rows of the whole file, where that is known without reading through it, and more than `rows`. */
  readonly sourceRows?: number;
  /** Entries an archive holds, where that is known without reading through it. */
  readonly entries?: number;
  /** The reason why there is no sample in the file's own format. */
  readonly reason?: string;
  /** The way its records were chosen, where another one than `head` was asked for. */
  readonly strategy?: "head" | Strategy["name"];
  /** Its parts in the file's order, where it is a spread. */
  readonly parts?: readonly SamplePart[];
  /** True where each record of the file was as likely as any other to be in the sample. */
  readonly uniform?: boolean;
  /** The reason why it is not what was asked for, or has fewer parts. */
  readonly why?: string;
  readonly warnings: readonly string[];
}

/** Records of a sample that follow each other in the file. */
export interface SamplePart {
  /** Offset of the first of them in the file, in bytes. */
  readonly at: number;
  readonly rows: number;
}

/** A way to choose the records of a sample, other than the first ones of a file. */
export interface Strategy {
  /** `spread`: from places all over the file; `reservoir`: at random, from all of it. */
  readonly name: "spread" | "reservoir";
  /** Places of a spread. */
  readonly parts: number;
  /** Identity of the file's version: the same one gives the same sample. */
  readonly seed: string;
}

/** Cuts a sample out of a source's bytes as they come. */
export interface SampleCutter extends Cutter {
  /** Facts of the sample, once it is whole. */
  summary(): SampleSummary;
}

/** Begins to cut a sample out of a source, which has these first bytes. @throws NoSample */
export type CutterOf = (head: Uint8Array, request: SampleRequest) => SampleCutter;

/** A sample in one piece, before it is written or packed again. */
export interface WholeSample {
  readonly bytes: Uint8Array;
  readonly summary: SampleSummary;
  readonly found: Recognised;
  /** That of its source: of a member, where that is in a container. */
  readonly request: SampleRequest;
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
  /** Formats by name, from the configuration. */
  readonly extensions: Mapped;
  /** Resolves once no other thread is at a file that takes much memory; absent without threads. */
  readonly alone?: (() => Promise<void>) | undefined;
  /** The way to choose records; absent: the first ones. */
  readonly strategy?: Strategy | undefined;
  /** Recognises what a container holds. */
  readonly recognise: (request: SampleRequest) => Promise<Recognised>;
  /** A step that samples go through before they are written or packed again; absent without one. */
  readonly through?: Through | undefined;
}

/** Looks at a sample that is whole, or gives another in its place. @throws NoSample for what has none */
export type SampleStep = (sample: WholeSample) => Promise<Pick<WholeSample, "bytes" | "summary">>;

/** A step that samples take on their way. */
export interface Through {
  readonly step: SampleStep;
  /**
   * Takes a sample as a stream. `request` is that of its source: of a member, where that is in a
   * container.
   */
  readonly stream: (
    sample: SampleStream,
    found: Recognised,
    request: SampleRequest,
  ) => SampleStream;
}

/** The means by which a format was recognised: the file's name, `formats.extensions`, or its first bytes. */
export type RecognisedBy = "name" | "configuration" | "content";

/** A format, and how it was recognised. */
export interface Recognised {
  readonly format: Format;
  readonly by: RecognisedBy;
  /** The confidence in a format that only the content of a text shows, from 0 to 1. */
  readonly confidence?: number;
  /** Set when the content corrected the name. */
  readonly warning?: string;
  /** The reason, when the format is `unknown`. */
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
  /** True for a container whose sample is packed again from samples. */
  readonly packs?: boolean;
  /** True when these first bytes are this format's. Absent for text. */
  matches?(head: Uint8Array): boolean;
  sample(request: SampleRequest, recognised: Recognised): SampleStream;
  /** Present where samples are cut from the start of a source; `sample` does the same in a stream. */
  readonly cutter?: CutterOf;
  /**
   * Begins a sample by another strategy; returns the reason where this source has only its first
   * records. Absent where that is so of each source.
   */
  draw?(request: SampleRequest, strategy: Strategy): Promise<SampleStream | string>;
}
