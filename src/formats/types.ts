import type { Limits } from "../lib/limits.ts";
import type { Cut } from "../lib/records.ts";
import type { Source } from "../lib/source.ts";

/** Facts of a sample, as its sampler returns them. */
export interface SampleSummary {
  readonly format: string;
  /** Records in the sample: rows, lines, elements or listed entries. */
  readonly rows?: number;
  /** True when nothing was left out. */
  readonly complete: boolean;
  readonly cut?: Cut;
  /** Entries an archive holds, where that is known without reading through it. */
  readonly entries?: number;
  /** The reason why there is no sample in the file's own format. */
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
  /** Recognises what a container holds. */
  readonly recognise: (request: SampleRequest) => Promise<Recognised>;
}

/** The means by which a format was recognised: the file's name, `formats.extensions`, or its first bytes. */
export type RecognisedBy = "name" | "configuration" | "content";

/** A format, and how it was recognised. */
export interface Recognised {
  readonly format: Format;
  readonly by: RecognisedBy;
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
  /** True when these first bytes are this format's. Absent for text. */
  matches?(head: Uint8Array): boolean;
  sample(request: SampleRequest, recognised: Recognised): SampleStream;
}
