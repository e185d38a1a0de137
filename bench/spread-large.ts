/**
 * `node bench/spread-large.ts`: spreads a sample over a CSV of 1 GB in 10 parts, with text, quotes
 * and line ends in its fields, and prints the bytes read and the processor time, of the first one
 * in a process, which compiles, and of the median. Exits 1 above 1 MiB or a median of 30 ms.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLocalFile } from "../src/lake/local-file.ts";
import { HEAD_BYTES } from "../src/lib/source.ts";
import { defaultLimits, takeSample } from "../src/view/take-sample.ts";

const GB = 1e9;
const ROUNDS = 21;
const MOST_BYTES = 1024 ** 2;
const MOST_MS = 30;

const folder = mkdtempSync(join(tmpdir(), "spread-large-"));
try {
  const path = join(folder, "large.csv");
  writeLarge(path);
  const rounds = [];
  for (let i = 0; i < ROUNDS; i += 1) rounds.push(await round(path, i));
  const [first] = rounds;
  const ms = rounds.map((one) => one.ms).toSorted((a, b) => a - b);
  const median = ms[ROUNDS >> 1] as number;
  const bytes = Math.max(...rounds.map((one) => one.bytes));
  const rows = Math.min(...rounds.map((one) => one.rows));
  const figures = `first ${first?.ms.toFixed(1)} ms, median ${median.toFixed(1)} ms of processor time`;
  process.stdout.write(`${figures}; at most ${bytes} bytes read; at least ${rows} rows\n`);
  if (bytes > MOST_BYTES || median > MOST_MS) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function round(
  path: string,
  i: number,
): Promise<{ readonly ms: number; readonly bytes: number; readonly rows: number }> {
  const { signal } = new AbortController();
  const memory = Buffer.allocUnsafe(HEAD_BYTES);
  const started = process.cpuUsage();
  const options = { roots: ["/"], name: "large.csv", readBytes: GB, signal, memory };
  const source = openLocalFile(path, options);
  try {
    const strategy = { name: "spread", parts: 10, seed: `${i}` } as const;
    const limits = defaultLimits;
    const request = { source, limits, signal, depth: 0, extensions: {}, strategy };
    const { summary } = await takeSample(request);
    if (summary.strategy !== "spread") throw new Error(`no spread: ${summary.why}`);
    const { user, system } = process.cpuUsage(started);
    return { ms: (user + system) / 1000, bytes: source.readBytes(), rows: summary.rows ?? 0 };
  } finally {
    source.close();
  }
}

function writeLarge(path: string): void {
  const fd = openSync(path, "w");
  let row = 0;
  let bytes = writeSync(fd, "id,name,note,price\n");
  while (bytes < GB) {
    const lines: string[] = [];
    for (const end = row + 20_000; row < end; row += 1) {
      const note = row % 5 === 0 ? `"said ""yes"",\nthen left: ${row}"` : `note ${row}`;
      lines.push(`${row},name ${row % 977},${note},${(row * 37) % 1000}.25\n`);
    }
    bytes += writeSync(fd, lines.join(""));
  }
  closeSync(fd);
}
