import { join } from "node:path";
import type { Random } from "./random.ts";
import {
  createRaw,
  type Dataset,
  keyOf,
  KINDS,
  MOST_RAWS,
  type Raw,
  type Version,
} from "./lake.ts";
import type { Producer } from "./producer.ts";
import type { Tally } from "./tally.ts";

/** Options of making new versions. */
export interface Making {
  readonly random: Random;
  readonly producer: Producer;
  readonly tally: Tally;
  /** Files to copy, by kind, for formats that Python's standard library does not write. */
  readonly ready: ReadonlyMap<string, readonly string[]>;
}

const BASE_MTIME = 1_737_200_000;
const MOST_ROWS = 220;
const TEXT = new Set(["csv", "tsv", "txt", "log", "jsonl", "json"]);
const BREAKABLE = new Set(["zip", "parquet"]);

/** A raw that nobody is at, a new one while there are few; undefined where all are busy. */
export function chooseRaw(dataset: Dataset, random: Random): Raw | undefined {
  const { raws } = dataset;
  if (raws.size < MOST_RAWS && random.chance(raws.size < 50 ? 0.8 : 0.3)) {
    return createRaw(dataset, random.pick(KINDS));
  }
  const free = [...raws.values()].filter(({ isBusy }) => !isBusy);
  return free.length === 0 ? undefined : random.pick(free);
}

/** Writes the bronze file of a raw's next version, often in the old one's place. */
export async function writeVersion(dataset: Dataset, raw: Raw, making: Making): Promise<Version> {
  const { random, producer, ready } = making;
  raw.versions += 1;
  const content = contentOf(raw, random);
  const isOver = raw.version !== undefined && random.chance(0.25);
  const name = `${raw.versions}--${raw.path.replaceAll("/", "-")}`;
  const bronze = isOver ? (raw.version as Version).bronze : `bronze/${raw.path.length % 7}/${name}`;
  const path = join(dataset.directory, bronze);
  const tag = `${raw.path}@${raw.versions}`;
  const source = content === raw.kind ? ready.get(raw.kind) : undefined;
  const what =
    source === undefined
      ? { kind: content, rows: random.below(MOST_ROWS), tag }
      : { source: random.pick(source) };
  const seen = await producer.do("write", { bronze: path, ...what });
  dataset.bronze.set(bronze, String(seen));
  const way = random.chance(0.5) ? 1 : -1;
  return {
    mtime: BASE_MTIME + way * raw.versions,
    bronze,
    content,
    generation: dataset.generation,
  };
}

/** Notes that a version is going to be announced: before it is, since the answer may be fast. */
export function noteAnnounced(dataset: Dataset, raw: Raw, version: Version, tally: Tally): void {
  if (raw.version === undefined) tally.files += 1;
  if (raw.version?.mtime === version.mtime) tally.unchanged += 1;
  else {
    tally.versions += 1;
    raw.isSampled = false;
  }
  raw.version = version;
  tally.lines += 1;
  dataset.announced.add(keyOf(raw.path, version.mtime));
}

/** Mostly what the name says. */
function contentOf({ kind }: Raw, random: Random): string {
  if (BREAKABLE.has(kind) && random.chance(0.25)) return "garbage";
  if (TEXT.has(kind) && random.chance(0.08)) return "binary";
  if (TEXT.has(kind) && random.chance(0.05)) return "nothing";
  return kind;
}
