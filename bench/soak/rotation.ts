import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Dataset } from "./lake.ts";
import type { Random } from "./random.ts";
import type { Tally } from "./tally.ts";

/** Rotated files that stay. */
const KEPT = 2;

/** Renames the manifest, as logrotate does, even while somebody writes to it. @throws errno */
export function rotate(dataset: Dataset, tally: Tally): void {
  if (!existsSync(dataset.manifest)) return;
  renameSync(dataset.manifest, freeName(dataset));
  dataset.generation += 1;
  tally.rotations += 1;
}

/** Copies the manifest and truncates it: only where all of it was read. @throws errno */
export function copyTruncate(dataset: Dataset, tally: Tally): void {
  if (!existsSync(dataset.manifest)) return;
  copyFileSync(dataset.manifest, freeName(dataset));
  truncateSync(dataset.manifest);
  dataset.generation += 1;
  tally.truncations += 1;
}

/** Removes old generations, and compresses one: only where all of them were read. @throws errno */
export function tidy(dataset: Dataset, random: Random, tally: Tally): void {
  const files = rotated(dataset);
  for (const file of files.splice(0, Math.max(0, files.length - KEPT - random.below(3)))) {
    rmSync(file);
    dataset.forgotten += 1;
    tally.deleted += 1;
  }
  // The youngest may be the one that is read on from.
  const file = files.at(-2);
  if (file === undefined || file.endsWith(".gz") || random.chance(0.5)) return;
  const beside = join(dirname(file), "beside.tmp");
  writeFileSync(beside, gzipSync(readFileSync(file)));
  renameSync(beside, `${file}.gz`);
  rmSync(file);
  tally.compressed += 1;
}

/** The name for a generation that is new now; numbered ones make room for it. */
function freeName(dataset: Dataset): string {
  if (!isNumbered(dataset)) {
    const counter = String(dataset.generation).padStart(6, "0");
    return dataset.manifest.replace(/\.jsonl$/, `-${counter}.jsonl`);
  }
  for (const file of rotated(dataset)) {
    renameSync(
      file,
      file.replace(/\d+(?=(\.gz)?$)/, (n) => String(Number(n) + 1)),
    );
  }
  return `${dataset.manifest}.1`;
}

/** Half of the datasets number their generations, the others count them. */
function isNumbered({ name }: Dataset): boolean {
  return name.endsWith("/v1");
}

/** Oldest first. */
function rotated(dataset: Dataset): string[] {
  const directory = dirname(dataset.manifest);
  const names = readdirSync(directory).filter((name) => /\d/.test(name));
  const age = (name: string) => Number(/\d+/.exec(name)?.[0]) * (isNumbered(dataset) ? -1 : 1);
  return names.toSorted((a, b) => age(a) - age(b)).map((name) => join(directory, name));
}
