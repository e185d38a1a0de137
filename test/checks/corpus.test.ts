import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { csvShape } from "../../src/checks/shape/csv-shape.ts";
import { judge, type Series } from "../../src/checks/shape/series.ts";
import { csvFields } from "../../src/formats/csv/fields.ts";
import { dialectOf } from "../../src/formats/csv/dialect.ts";
import { encodingOf } from "../../src/lib/encoding.ts";

const corpus = join(import.meta.dirname, "../../../shared/corpus");
/** Records of one file, and files of one series, at most. */
const ROWS = 100;
const MOST_FILES = 200;
const limits = { history: 20, size: { below: 0.5, after: 5 } };

if (!existsSync(corpus)) console.log(`skipped: ${corpus} is not there`);

test.skipIf(!existsSync(corpus))("real files that did not change are no findings", () => {
  const found: unknown[] = [];
  const counts = { files: 0, comparisons: 0, columns: 0 };
  for (const path of globSync(`${corpus}/**/*.{csv,tsv}`)) {
    let series: Series | undefined;
    for (const block of blocksOf(path)) {
      const shape = csvShape(basename(path), block);
      const file = { raw: path, at: 1, shape, size: null, rows: ROWS };
      const judged = judge(series, file, limits);
      counts[series === undefined ? "files" : "comparisons"] += 1;
      counts.columns += series === undefined ? 0 : shape.names.length;
      found.push(...judged.changes.map((change) => ({ file: basename(path), ...change })));
      series = judged.series;
    }
  }
  console.log(
    `${counts.files} files, ${counts.comparisons} comparisons, ${counts.columns} columns`,
  );
  expect(counts.comparisons).toBeGreaterThan(1000);
  // Bytes that are not UTF-8 begin in the middle of it.
  const real = {
    file: "invalid_utf_big.csv",
    change: "dialect",
    what: "encoding",
    was: "ASCII",
    is: "other",
  };
  expect(found).toEqual([real]);
});

/** The records of a file as files of 100 each, with its header; none where quotes do not match. */
function* blocksOf(path: string): Generator<Buffer> {
  const bytes = readFileSync(path);
  const encoding = encodingOf(bytes);
  if (encoding.unitBytes > 1) return;
  const { records, starts, flaw } = csvFields(bytes, dialectOf(path, bytes, encoding), encoding);
  const count = records.length - 1;
  if (flaw !== undefined || count < 2 * ROWS + 1) return;
  const startOf = (record: number) =>
    record < count ? starts[records[record] as number] : bytes.length;
  const header = bytes.subarray(0, startOf(1));
  for (let first = 1; first + ROWS <= count && first <= MOST_FILES * ROWS; first += ROWS)
    yield Buffer.concat([header, bytes.subarray(startOf(first), startOf(first + ROWS))]);
}
