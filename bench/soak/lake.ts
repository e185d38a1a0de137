import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** One announced version of a file. */
export interface Version {
  /** Seconds since epoch; no two versions of a raw have the same. */
  readonly mtime: number;
  /** As the manifest says it. */
  readonly bronze: string;
  /** The kind of its content: an extension, or `nothing`, `binary`, `garbage`. */
  readonly content: string;
  /** The manifest's generation when it was announced. */
  readonly generation: number;
}

/** A file of production; only one at a time does something to it. */
export interface Raw {
  readonly path: string;
  /** Its extension, without the dot. */
  readonly kind: string;
  /** The newest one. */
  version: Version | undefined;
  /** Versions so far. */
  versions: number;
  /** True once the newest version was seen to be sampled. */
  isSampled: boolean;
  isBusy: boolean;
}

/** A dataset, as production knows it. */
export interface Dataset {
  readonly name: string;
  readonly stem: string;
  /** Absolute. */
  readonly directory: string;
  readonly manifest: string;
  readonly raws: Map<string, Raw>;
  /** Bronze files that are there, with what shows a change. */
  readonly bronze: Map<string, string>;
  /** Goes up with every rotation. */
  generation: number;
  /** Up to this one, generations are gone. */
  forgotten: number;
  /** Versions announced since the last audit, and those that were the newest then: see `keyOf`. */
  readonly announced: Set<string>;
  /** Bad lines since the last audit. */
  readonly bad: Set<string>;
}

/** Extensions that files are announced with. */
export const KINDS = [
  "csv",
  "tsv",
  "txt",
  "log",
  "jsonl",
  "json",
  "csv.gz",
  "jsonl.gz",
  "csv.bz2",
  "txt.xz",
  "zip",
  "tar",
  "tar.gz",
  "bin",
  "parquet",
  "csv.zst",
] as const;

/** Files of a dataset; from then on there are only new versions. */
export const MOST_RAWS = 300;

/** Makes an empty dataset below a prefix; `stem` begins the names of its files. */
export function createDataset(prefix: string, name: string, stem: string): Dataset {
  const directory = join(prefix, name);
  for (const part of ["bronze", "manifests", "aside"]) {
    mkdirSync(join(directory, part), { recursive: true });
  }
  return {
    name,
    stem,
    directory,
    manifest: join(directory, "manifests/processed.jsonl"),
    raws: new Map(),
    bronze: new Map(),
    generation: 1,
    forgotten: 0,
    announced: new Set(),
    bad: new Set(),
  };
}

/** A raw that nothing was announced of yet. Every third one has a name that another one has too. */
export function createRaw(dataset: Dataset, kind: string): Raw {
  const serial = dataset.raws.size;
  const path = `raw/env${serial % 3}/${dataset.stem}-${Math.floor(serial / 3)}.${kind}`;
  const raw = { path, kind, version: undefined, versions: 0, isSampled: false, isBusy: false };
  dataset.raws.set(path, raw);
  return raw;
}

/** True when a version's content is broken, so that it must fail. */
export function mustFail({ content }: Version): boolean {
  return content === "garbage";
}

/** The key by which a version is remembered. */
export function keyOf(raw: string, mtime: number): string {
  return `${raw} ${mtime}`;
}
