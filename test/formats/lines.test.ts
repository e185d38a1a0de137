import { describe, expect, test } from "vitest";
import { sampleOf } from "../helpers/sample.ts";

const record = (i: number) => `1\t${i}\t.\n`;
const records = (count: number) => Array.from({ length: count }, (_, i) => record(i)).join("");
const header = (bytes: number) => `##${"x".repeat(97)}\n`.repeat(bytes / 100);

describe("a header of comments", () => {
  test("uses up neither rows nor bytes of the records below it", async () => {
    const text = header(1_000_000) + records(200);
    const { bytes, summary } = await sampleOf("a.vcf", text);
    expect(summary).toMatchObject({ format: "vcf", rows: 100, cut: "rows" });
    expect(bytes.toString()).toBe(header(1_000_000) + records(100));
  });

  test("that is longer than a sample goes on as records", async () => {
    const { bytes, summary } = await sampleOf("a.vcf", header(3_000_000) + records(200));
    expect(summary).toMatchObject({ rows: 100, complete: false, cut: "rows" });
    const lines = Math.ceil(2 ** 20 / 100) + 100;
    expect(bytes.length).toBe(lines * 100);
  });

  test("alone is a whole sample", async () => {
    const { summary } = await sampleOf("a.gtf", header(1000));
    expect(summary).toEqual({ format: "gff", rows: 0, complete: true, warnings: [] });
  });
});

test.each([
  ["wrapped sequences", "@1\nAC\nGT\n+1\n@@\n@@\n@2\nA\n+\n@\n@3\nC\n+\n+\n", 3],
  ["CRLF", "@1\r\nAC\r\n+\r\n@@\r\n@2\r\nA\r\n+\r\n@\r\n", 2],
  ["an empty sequence", "@1\n\n+\n\n@2\nA\n+\nI\n", 2],
  ["blank lines at the end", "@1\nAC\n+\nII\n\n\n", 1],
  ["a read that is cut off", "@1\nAC\n+\nII\n@2\nAC\n", 2],
])("FASTQ is cut between reads: %s", async (_, text, count) => {
  const { bytes, summary } = await sampleOf("a.fastq", text);
  expect(summary).toMatchObject({ rows: count, complete: true });
  expect(bytes.toString()).toBe(text);
  const starts = text.split(/^(?=@\d)/m);
  for (let rows = 1; rows < count; rows += 1) {
    const first = await sampleOf("a.fastq", text, { limits: { rows } });
    expect(first.bytes.toString()).toBe(starts.slice(0, rows).join(""));
  }
});

test("a read of a megabyte is kept whole", async () => {
  const read = `@1\n${"A".repeat(500_000)}\n+\n${"@".repeat(500_000)}\n`;
  const { bytes, summary } = await sampleOf("a.fq", read + read + read, { chunk: 8192 });
  expect(summary).toMatchObject({ rows: 1, cut: "bytes" });
  expect(bytes.toString()).toBe(read);
});

test.each([
  ["quotes and semicolons in strings", "SELECT ';\n'';';\nSELECT 2;\n", 2],
  ["comments", "SELECT 1; -- it's ;\n/* ';\n*/ SELECT 2\n-- ;\n;\nSELECT 3;\n", 3],
  ["bodies of functions", "CREATE FUNCTION f() AS $a$ x; $$ y;\n$a$;\nSELECT 1;\n", 2],
  ["escaped quotes", "INSERT INTO a VALUES ('\\';\n');\nSELECT 1;\n", 2],
  ["data of a copy", "COPY a FROM stdin;\nit's\n;\n\\.\nSELECT 1;\n", 5],
  ["a statement that is not ended", "SELECT 1;\nSELECT 2", 2],
])("SQL is cut between statements: %s", async (_, text, rows) => {
  const { summary } = await sampleOf("a.sql", text);
  expect(summary).toMatchObject({ format: "sql", rows, complete: true });
});

test.each([
  ["several YAML documents", "a.yaml", "---\na: 1\n---\nb: 2\n", 2],
  ["one YAML document is lines", "a.yaml", "---\na: 1\nb: 2\n", 3],
  [
    "a log with times has entries",
    "a.log",
    "2026-01-18T10:00:00Z a\n  b\n2026-01-18T10:00:01Z c\n",
    2,
  ],
  ["a log without times is lines", "a.log", "GET /\n  b\nGET /a\n", 3],
  ["a text that begins with a date is lines", "a.txt", "2026-01-18 Dear all,\nbye\n", 2],
  ["UTF-16 is lines", "a.vcf", "\ufeff#c\n1\t2\n", 2],
])("%s", async (_, name, text, rows) => {
  const bytes = name === "a.vcf" ? Buffer.from(text, "utf16le") : Buffer.from(text);
  expect((await sampleOf(name, bytes)).summary).toMatchObject({ rows, complete: true });
});
