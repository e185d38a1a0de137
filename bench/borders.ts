/**
 * `npm run borders [-- CORPUS]`: looks for borders between records from the middle of real CSVs and
 * of texts inside CSVs, and prints how many are wrong, and how often none is certain. Exits 1 where
 * one is wrong in a valid file.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isCorpus, readCorpus } from "../conformance/corpus.ts";
import { textsInCsv } from "../fixtures/texts-in-csv.ts";
import { type Probe, probeBorders } from "../test/helpers/probe-borders.ts";

/** Offsets in each file at most. */
const OFFSETS = 400;
const corpus = process.argv[2] ?? "/work/shared/corpus";

interface Totals {
  files: number;
  unsafe: number;
  offsets: number;
  wrong: number;
  refused: number;
}

const groups = new Map<string, Totals>();

for (const { name, bytes } of textsInCsv()) count("made of text", name, bytes);
if (isCorpus(corpus)) {
  const byFormat = readCorpus(corpus);
  for (const file of [...(byFormat.get("csv") ?? []), ...(byFormat.get("tsv") ?? [])]) {
    const bytes = readFileSync(join(corpus, file.path));
    const kind = file.class === "valid" ? "valid" : "odd, corrupt or hostile";
    count(
      `${kind}, ${hasQuotedLines(bytes) ? "with" : "without"} lines in quotes`,
      file.path,
      bytes,
    );
  }
} else process.stdout.write(`there is no corpus at ${corpus}\n`);

process.stdout.write(`group\tfiles\tnot looked into\toffsets\twrong\trefused\n`);
for (const [group, { files, unsafe, offsets, wrong, refused }] of groups) {
  const share = ((100 * refused) / Math.max(1, offsets)).toFixed(1);
  process.stdout.write(`${group}\t${files}\t${unsafe}\t${offsets}\t${wrong}\t${share} %\n`);
  if (wrong > 0 && !group.startsWith("odd")) process.exitCode = 1;
}

function count(group: string, name: string, bytes: Buffer): void {
  const totals = groups.get(group) ?? { files: 0, unsafe: 0, offsets: 0, wrong: 0, refused: 0 };
  groups.set(group, totals);
  totals.files += 1;
  const probe = probed(name, bytes);
  if (probe === undefined) {
    totals.unsafe += 1;
    return;
  }
  totals.offsets += probe.offsets;
  totals.wrong += probe.wrong;
  totals.refused += probe.refused;
  if (probe.wrong > 0) process.stdout.write(`${name}: ${probe.wrong} of ${probe.offsets} wrong\n`);
}

/** Undefined for a file that is not looked into, or that csv-parse does not read. */
function probed(name: string, bytes: Buffer): Probe | undefined {
  try {
    const probe = probeBorders(name, bytes, Math.min(OFFSETS, bytes.length - 1));
    return typeof probe === "string" ? undefined : probe;
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/** True where a quoted field seems to go on after a line end. */
function hasQuotedLines(bytes: Buffer): boolean {
  return /(^|[,;\t|\n])"[^"]*\n/.test(bytes.toString("latin1"));
}
