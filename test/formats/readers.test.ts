import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, type Options } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeText } from "../../src/lib/encoding.ts";
import { allFixtures, type Fixture, type Result, sampleBytes } from "../helpers/sample.ts";

type Sample = Result & { readonly kind: "sample" };
type Case = readonly [string, Fixture, Sample];

const cases: Case[] = [];
for (const fixture of allFixtures()) {
  const result = await sampleBytes(fixture.name, fixture.bytes);
  if (result.kind === "sample") cases.push([fixture.path, fixture, result]);
}
const sampledAs = (format: RegExp): Case[] =>
  cases.filter(([, , { summary }]) => format.test(summary.format));

describe("rows of a CSV sample are the rows of the file, says csv-parse", () => {
  // It reads neither an open quote nor a quote inside a field as we do, knows no line above the
  // header, and has to be told of escapes and rarer delimiters: test/formats/csv has those.
  const others = new Set(
    ["unclosed-quote", "stray-quotes", "lone-cr", "backslashes", "comments", "titles", "sep"]
      .concat(["control-a", "tildes", "utf32le-bom"])
      .map((name) => `csv/${name}.csv`),
  );
  test.each(sampledAs(/^csv$/).filter(([path]) => !others.has(path)))(
    "%s",
    (path, fixture, sample) => {
      const delimiter = path.endsWith(".tsv") ? "\t" : path.endsWith(".psv") ? "|" : [",", ";"];
      const all = records(fixture.bytes, delimiter);
      const kept = records(sample.bytes, delimiter);
      expect(kept).toEqual(all.slice(0, 101));
      expect(sample.summary.rows).toBe(Math.max(0, kept.length - 1));
    },
  );

  function records(bytes: Uint8Array, delimiter: NonNullable<Options["delimiter"]>): unknown[] {
    const options = { relax_column_count: true, skip_empty_lines: true, delimiter };
    return parse(decodeText(bytes), { ...options, record_delimiter: ["\r\n", "\n"] });
  }
});

describe("lines of a sample are the lines of the file", () => {
  // Values may follow each other without line ends, or with commas that the last one is without.
  const lines = sampledAs(/^(text|jsonl)$/).filter(
    ([path]) => !/\/(concatenated|comma-lines)/.test(path),
  );
  test.each(lines)("%s", (_, fixture, sample) => {
    const isRecord = (line: string): boolean =>
      sample.summary.format === "text" || line.trim() !== "";
    const linesOf = (bytes: Uint8Array): string[] => {
      const lines = decodeText(bytes).split(/\r\n|\n|\r/);
      if (lines.at(-1) === "") lines.pop();
      return lines.filter(isRecord);
    };
    expect(linesOf(sample.bytes)).toEqual(linesOf(fixture.bytes).slice(0, 100));
  });
});

describe("a JSON sample is the start of what JSON.parse reads", () => {
  const valid = sampledAs(/^json$/).filter(([, { bytes }, { summary }]) => {
    return summary.warnings.length === 0 && isJson(bytes);
  });
  test.each(valid)("%s", (_, fixture, sample) => {
    const all: unknown = JSON.parse(decodeText(fixture.bytes));
    expect(JSON.parse(decodeText(sample.bytes))).toEqual(cutArrays(all));
  });

  function isJson(bytes: Uint8Array): boolean {
    try {
      JSON.parse(decodeText(bytes));
      return true;
    } catch {
      return false;
    }
  }

  /** Every outermost array with its first 100 elements. */
  function cutArrays(value: unknown): unknown {
    if (Array.isArray(value)) return value.slice(0, 100);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, cutArrays(inner)]));
  }
});

describe("Python's own modules", () => {
  let folder = "";
  let read: Record<string, Record<string, unknown>> = {};
  const gzipped = sampledAs(/(?<!zip)\.gz$/).filter(([, , { bytes }]) => bytes[0] === 0x1f);
  // Python refuses archives that break off, and reads other names where pax has no UTF-8.
  const others = /truncated|impossible|broken|pax-latin1/;
  const tars = sampledAs(/^tar$/).filter(([path]) => path.endsWith(".tar") && !others.test(path));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "readers-"));
    for (const [path, , { bytes }] of gzipped) write(`${path}.gz`, bytes);
    for (const [path, , { bytes }] of sampledAs(/^zip$/)) write(`${path}.zip`, bytes);
    for (const [path, { bytes }] of tars) write(path, bytes);
    const script = join(import.meta.dirname, "readers.py");
    read = JSON.parse(execFileSync("python3", [script, folder], { encoding: "utf8" }));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(path: string, bytes: Uint8Array): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, flat(path)), bytes);
  }

  test.each(gzipped)("decompress the sample of %s", async (path, { name }, { summary }) => {
    const text = read[flat(`${path}.gz`)]?.["text"];
    expect(text).toBeTypeOf("string");
    // A gzip without a name inside is recognised by its content.
    const byContent = { "text.gz": "x.txt", "json.gz": "x.json", "jsonl.gz": "x.jsonl" };
    const told = byContent[summary.format as keyof typeof byContent];
    const innerName = told ?? name.replace(/\.gz$/, "");
    const inner = await sampleBytes(innerName, Buffer.from(text as string, "latin1"));
    if (inner.kind !== "sample") throw new Error(`${path}: ${JSON.stringify(inner)}`);
    expect(inner.summary).toMatchObject({ rows: summary.rows, complete: true });
  });

  test.each(sampledAs(/^zip$/))("read the sample of %s whole", (path, _, { summary }) => {
    const facts = read[flat(`${path}.zip`)] as {
      bad: string | null;
      members: Record<string, string>;
    };
    expect(facts.bad).toBeNull();
    const names = Object.keys(facts.members);
    const lines = (facts.members["_manifest.txt"] as string).split("\n").slice(0, -1);
    expect(lines).toHaveLength(summary.rows as number);
    // All files of a shapefile are one.
    const files = names.map((name) => name.replace(/\.(shp|shx|dbf|prj|cpg)$/i, "").toLowerCase());
    expect(new Set(files).size).toBeLessThanOrEqual(4);
    expect(names.filter((name) => /^\/|^[a-z]:|\\|(^|\/)\.\.(\/|$)/i.test(name))).toEqual([]);
  });

  test.each(tars)("list %s alike", (path, _, { bytes }) => {
    const facts = read[flat(path)] as { entries?: [string, number, number][] };
    const listed = bytes
      .toString("latin1")
      .split("\n")
      .slice(0, -1)
      .map((line) => line.split("\t"));
    expect(listed.map(([name]) => unescape(name as string))).toEqual(
      facts.entries?.map(([name]) => name),
    );
    expect(listed.map(([, size]) => Number(size))).toEqual(facts.entries?.map(([, size]) => size));
    const seconds = listed.map(([, , time]) => Date.parse(time as string) / 1000);
    expect(seconds).toEqual(facts.entries?.map(([, , mtime]) => Math.floor(mtime)));
  });

  /** Names without the slash that directories end with; Python leaves it out. */
  function unescape(name: string): string {
    const plain = { t: "\t", n: "\n", r: "\r", "\\": "\\" } as Record<string, string>;
    return name
      .replace(/\\(.)/g, (_, letter: string) => plain[letter] as string)
      .replace(/\/$/, "");
  }
});

function flat(path: string): string {
  return path.replaceAll("/", "__");
}
