import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { parquetReaders } from "../../test/helpers/parquet-readers.ts";
import { command } from "./program.ts";

/** A sample, and the file it was taken from. */
export interface Pair {
  /** The kind of the content: see `Version`. */
  readonly kind: string;
  /** Absolute. */
  readonly bronze: string;
  /** Absolute. */
  readonly sample: string;
  readonly raw: string;
}

const ROWS = 100;
const ours: Readonly<Record<string, (original: Buffer, taken: Buffer) => Promise<boolean>>> = {
  parquet: hasSameRows,
  "csv.zst": async (original, taken) => {
    const [whole, part] = [zstdDecompressSync(original), zstdDecompressSync(taken)];
    return whole.indexOf(part) === 0 && countLines(part) === Math.min(countLines(whole), ROWS + 1);
  },
};

/** Judges samples of which only the name is known: each has to be a whole one. */
export async function judgeWhole(samples: readonly string[]): Promise<readonly (string | null)[]> {
  return askPython(samples.map((sample) => ({ kind: "any", sample })));
}

/**
 * Judges samples: one answer for each pair, undefined where nothing is wrong. It uses nothing of
 * the program: Python reads what its standard library can, other libraries the rest.
 */
export async function judge(pairs: readonly Pair[]): Promise<readonly (string | undefined)[]> {
  const theirs = pairs.filter(({ kind }) => ours[kind] === undefined);
  const answers = await askPython(theirs);
  const byPair = new Map(theirs.map((pair, i) => [pair, answers[i] ?? undefined]));
  return Promise.all(pairs.map((pair) => byPair.get(pair) ?? judgeHere(pair)));
}

async function askPython(pairs: readonly object[]): Promise<readonly (string | null)[]> {
  const script = join(import.meta.dirname, "judge.py");
  const printed = await command("python3", ["-B", script], { input: JSON.stringify(pairs) });
  return JSON.parse(printed) as (string | null)[];
}

async function judgeHere({ kind, bronze, sample }: Pair): Promise<string | undefined> {
  const isRight = ours[kind];
  if (isRight === undefined) return undefined;
  try {
    const [original, taken] = await Promise.all([readFile(bronze), readFile(sample)]);
    return (await isRight(original, taken)) ? undefined : "not the first records";
  } catch (error) {
    return String(error);
  }
}

async function hasSameRows(original: Buffer, taken: Buffer): Promise<boolean> {
  const read = parquetReaders["hyparquet"];
  const [whole = [], part = []] = [await read?.(original), await read?.(taken)];
  return JSON.stringify(part) === JSON.stringify(whole.slice(0, ROWS));
}

function countLines(bytes: Buffer): number {
  return bytes.toString("latin1").split("\n").length - 1;
}
