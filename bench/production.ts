/**
 * Production as a process of its own: `production.ts DIRECTORY SECONDS` copies files of 64 KB to
 * 1 MB within the directory, syncing each, one after the other and as fast as it can. Prints how
 * many it copied a second, and the ms that a copy took on average without its sync, and its sync.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const KB = 1024;
/** 544 KB on average. */
const SIZES = Array.from({ length: 16 }, (_, i) => (i + 1) * 64 * KB);

const [directory = "", seconds = ""] = process.argv.slice(2);
const buffer = Buffer.alloc(Math.max(...SIZES));
const target = join(directory, `copies-${process.pid}`);
mkdirSync(target, { recursive: true });
for (const size of SIZES) writeFileSync(sourceOf(size), Buffer.alloc(size, "some bytes\n"));

const began = performance.now();
let copied = 0;
let syncing = 0;
while (performance.now() - began < Number(seconds) * 1000) {
  copy(SIZES[copied % SIZES.length] as number, join(target, String(copied)));
  copied += 1;
}
const took = performance.now() - began;
const result = {
  filesPerS: (copied * 1000) / took,
  copyMs: (took - syncing) / copied,
  syncMs: syncing / copied,
};
process.stdout.write(JSON.stringify(result));

function sourceOf(size: number): string {
  return join(target, `source-${size}`);
}

function copy(size: number, to: string): void {
  const input = openSync(sourceOf(size), "r");
  const length = readSync(input, buffer);
  closeSync(input);
  const output = openSync(to, "w");
  writeSync(output, buffer, 0, length);
  const started = performance.now();
  fsyncSync(output);
  syncing += performance.now() - started;
  closeSync(output);
}
