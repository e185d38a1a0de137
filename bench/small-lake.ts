import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROW_COUNT = 500;
const LINES_AT_ONCE = 10_000;
const MTIME = 1_737_200_000;

/** Makes a dataset's directories; returns where it is. */
export function makeDataset(prefix: string, dataset: string): string {
  const directory = join(prefix, dataset);
  for (const folder of ["bronze", "manifests", "samples"])
    mkdirSync(join(directory, folder), { recursive: true });
  return directory;
}

/** A CSV file of this many bytes; its last record may be cut. */
export function csvOf(bytes: number): Buffer {
  const rows = Array.from(
    { length: ROW_COUNT },
    (_, i) => `${i},name ${i},2026-01-18,${i * 1.5}\n`,
  );
  const block = rows.join("");
  const head = "id,name,at,value\n";
  return Buffer.from((head + block.repeat(Math.ceil(bytes / block.length))).slice(0, bytes));
}

/** Writes bronze files `f{from}.csv` up to, without, `f{to}.csv`. */
export function writeFiles(dataset: string, from: number, to: number, body: Uint8Array): void {
  for (let i = from; i < to; i += 1) writeFileSync(join(dataset, `bronze/f${i}.csv`), body);
}

/** Appends the lines of such files to the manifest. */
export function announce(dataset: string, from: number, to: number, mtime = MTIME): void {
  for (let at = from; at < to; at += LINES_AT_ONCE) {
    const count = Math.min(LINES_AT_ONCE, to - at);
    const lines = Array.from({ length: count }, (_, i) => lineOf(at + i, mtime));
    appendFileSync(join(dataset, "manifests/processed.jsonl"), lines.join(""));
  }
}

function lineOf(i: number, mtime: number): string {
  const [raw, bronze] = [`raw/env0/f${i}.csv`, `bronze/f${i}.csv`];
  return `${JSON.stringify({ raw, bronze, mtime: mtime + i / 8 })}\n`;
}
