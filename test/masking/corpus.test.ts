import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { NoSample } from "../../src/errors.ts";
import { dialectOf } from "../../src/formats/csv/dialect.ts";
import { csvFields, type CsvFields } from "../../src/formats/csv/fields.ts";
import { encodingOf } from "../../src/lib/encoding.ts";
import { HEAD_BYTES } from "../../src/lib/source.ts";
import { columnRules } from "../../src/masking/columns.ts";
import { maskCsv } from "../../src/masking/csv.ts";
import { maskValueBy } from "../../src/masking/transforms.ts";
import { takeSample } from "../../src/view/take-sample.ts";
import { defaultLimits, memorySource } from "../helpers/sample.ts";
import { key, rule, settingsWith } from "./helpers.ts";

const CORPUS = "/work/shared/corpus";
/** Files that are tried; all of them with `npm run masks`. */
const FILES = Number(process.env["MASK_FILES"] ?? 8);
/** Columns of a file that are tried, evenly spread: wide files have thousands. */
const COLUMNS = Number(process.env["MASK_COLUMNS"] ?? 6);
const why = existsSync(CORPUS) ? undefined : `${CORPUS} is not there`;
if (why !== undefined) console.log(`skipped: ${why}`);

test.skipIf(why !== undefined)(
  "each column of real CSV files is masked: as many records, and no other byte changes",
  async () => {
    const all = globSync("**/*.{csv,tsv,CSV}", { cwd: CORPUS }).toSorted();
    const chosen = all.filter((_, i) => i % Math.ceil(all.length / FILES) === 0);
    const done = { files: 0, columns: 0, values: 0, closed: {} as Record<string, number> };
    for (const path of chosen) {
      const bytes = readFileSync(join(CORPUS, path));
      await maskColumns(basename(path), bytes, done);
    }
    console.log(JSON.stringify(done));
    expect(done.columns).toBeGreaterThan(0);
  },
  3_600_000,
);

async function maskColumns(
  name: string,
  bytes: Buffer,
  done: { files: number; columns: number; values: number; closed: Record<string, number> },
): Promise<void> {
  const { signal } = new AbortController();
  const head = bytes.subarray(0, HEAD_BYTES);
  const request = { limits: defaultLimits, signal, depth: 0, extensions: {} };
  const sample = await takeSample({ ...request, source: memorySource(name, bytes) });
  if (sample.summary.format !== "csv") return;
  const encoding = encodingOf(head);
  const dialect = dialectOf(name, head, encoding);
  const before = csvFields(sample.bytes, dialect, encoding);
  const names = valuesIn(sample.bytes, before, 0);
  done.files += 1;
  const step = Math.ceil(names.length / COLUMNS);
  for (const column of names.filter((one, i) => one !== "" && i % step === 0)) {
    const settings = settingsWith([rule(column)], { leaks: "warn", text: "keep" });
    const rules = columnRules(settings.columns);
    const mask = { settings, rules, maskValue: maskValueBy(key) };
    try {
      const { bytes: masked } = maskCsv({ bytes: sample.bytes, name, head }, mask);
      const isMasked = names.map((one) => rules.matching(one).length > 0);
      const after = csvFields(masked, dialect, encoding);
      expect(after.records, `${name} ${column}`).toEqual(before.records);
      const isSame = others(masked, after, isMasked).equals(others(sample.bytes, before, isMasked));
      expect(isSame, `${name} ${column}: other bytes`).toBe(true);
      const count = recordsIn(sample.bytes, dialect.delimiter);
      expect(recordsIn(masked, dialect.delimiter), `${name} ${column}`).toBe(count);
      done.values += checkValues(sample.bytes, before, masked, after, isMasked);
      done.columns += 1;
    } catch (error) {
      if (!(error instanceof NoSample)) throw error;
      done.closed[error.reason] = (done.closed[error.reason] ?? 0) + 1;
    }
  }
}

/** Records that another reader counts; undefined where it does not take the text. */
function recordsIn(text: Uint8Array, delimiter: number): number | undefined {
  try {
    const options = { delimiter: String.fromCharCode(Math.max(1, delimiter)), relax_quotes: true };
    return parse(Buffer.from(text), { ...options, relax_column_count: true }).length;
  } catch {
    return undefined;
  }
}

/** All bytes but those of the fields of masked columns below the header. */
function others(
  text: Uint8Array,
  { starts, ends, records }: CsvFields,
  isMasked: readonly boolean[],
): Buffer {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (let i = records[1] as number; i < starts.length; i += 1) {
    if (isMasked[i % isMasked.length] !== true) continue;
    pieces.push(text.subarray(at, starts[i]));
    at = ends[i] as number;
  }
  return Buffer.concat([...pieces, text.subarray(at)]);
}

/** Checks that each masked field is a token, quoted as it was; returns their number. */
function checkValues(
  text: Uint8Array,
  before: CsvFields,
  masked: Uint8Array,
  after: CsvFields,
  isMasked: readonly boolean[],
): number {
  let values = 0;
  for (let i = before.records[1] as number; i < before.starts.length; i += 1) {
    if (isMasked[i % isMasked.length] !== true) continue;
    const was = fieldIn(text, before, i);
    const is = fieldIn(masked, after, i);
    const isEmpty = was === "" || was === '""';
    const expected = isEmpty ? was : was.startsWith('"') ? /^"[A-Z2-7]{16}"$/ : /^[A-Z2-7]{16}$/;
    if (typeof expected === "string") expect(is).toBe(expected);
    else expect(is).toMatch(expected);
    values += 1;
  }
  return values;
}

function valuesIn(text: Uint8Array, fields: CsvFields, record: number): string[] {
  const [first = 0, next = 0] = [fields.records[record], fields.records[record + 1]];
  return Array.from({ length: next - first }, (_, i) =>
    fieldIn(text, fields, first + i)
      .replace(/^"(.*)"$/s, "$1")
      .replaceAll('""', '"'),
  );
}

function fieldIn(text: Uint8Array, { starts, ends }: CsvFields, i: number): string {
  return Buffer.from(text.subarray(starts[i], ends[i])).toString();
}
