import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { Failure } from "../../src/errors.ts";
import { configSchema } from "../../src/config/schema.ts";
import { formatOfName, formats, recognise } from "../../src/formats/index.ts";
import { memorySource, requestFor } from "../helpers/sample.ts";

const text = "a,b\n1,2\n";
const tar = tarOf([{ name: "a", data: "x" }]);
const binary = Buffer.from("00ff017f0081feff10200304", "hex");

function recognised(name: string, bytes: Uint8Array | string, depth = 0) {
  const source = memorySource(name, Buffer.from(bytes as Uint8Array));
  return recognise({ ...requestFor(source), depth });
}

describe("a name claims a format", () => {
  test.each([
    ["data.csv", "csv"],
    ["DATA.TSV", "csv"],
    ["a.b.psv", "csv"],
    ["x.jsonl", "jsonl"],
    ["x.ndjson", "jsonl"],
    ["x.geojson", "json"],
    ["x.csv.gz", "gz"],
    ["x.tar.gz", "tar.gz"],
    ["x.TGZ", "tar.gz"],
    ["x.pq", "parquet"],
    ["x.log", "text"],
    ["x.bin", undefined],
    ["csv", undefined],
    ["", undefined],
  ])("%s: %s", (name, format) => {
    expect(formatOfName(name, {})?.name).toBe(format);
  });

  test("patterns of the configuration are for whole names, in any case", () => {
    const named = { "*.csv.[0-9]*": "csv", "part-?": "jsonl", "a[!b]c+": "json", "": "text" };
    const names = ["X.CSV.20260118", "part-1", "part-10", "axc+", "abc+", "x.csv.gz", ".hidden"];
    const found = names.map((name) => formatOfName(name, named)?.name);
    expect(found).toEqual(["csv", "jsonl", "text", "json", "text", "gz", "text"]);
  });

  test("configured extensions come first", () => {
    expect(formatOfName("x.dat", { ".dat": "csv" })?.name).toBe("csv");
    expect(formatOfName("x.csv", { ".csv": "text" })?.name).toBe("text");
  });
});

describe("content corrects the name", () => {
  test.each([
    ["plain text stays what it is named", "a.csv", text, "csv", false],
    ["words that are signatures do not", "a.txt", "PAR1, ORC and other words", "text", false],
    ["a gzip named csv", "a.csv", gzipSync(text), "gz", true],
    ["a zip named csv", "a.csv", zipOf([{ name: "a", data: "x" }]), "zip", true],
    ["a tar named txt", "a.txt", tar, "tar", true],
    ["a gzip named parquet", "a.parquet", gzipSync(text), "gz", true],
    ["text named csv.gz", "a.csv.gz", text, "csv", true],
    ["text named gz", "a.gz", text, "csv", true],
    ["JSON named zst", "a.zst", '{"a":1}', "json", true],
    ["text named parquet.gz, which is refused then", "a.parquet.gz", text, "gz", false],
    ["text named tgz, which is refused then", "a.tgz", text, "tar.gz", false],
    ["a gzip without extension", "a", gzipSync(text), "gz", false],
    ["a gzip around a tar, whatever its name", "logs.gz", gzipSync(tar), "tar.gz", true],
    ["a document is a zip only inside", "a.docx", zipOf([{ name: "a" }]), "metadata", false],
    ["text of unknown type", "a.foo", "one\ntwo, three\n", "text", false],
    ["a table without a name", "part-0", "id\tv\n1\t2\n", "csv", false],
    ["JSON Lines without a name", "part-0", '{"a":1}\n{"a":2}\n', "json", false],
    ["a PDF whose beginning is text", "a", "%PDF-1.4\n% text\n", "metadata", false],
    ["binary of unknown type", "a.bin", binary, "metadata", false],
    ["binary named csv", "a.csv", binary, "metadata", false],
    ["a picture named txt", "a.txt", Buffer.from("89504e470d0a1a0a00", "hex"), "metadata", false],
    ["nothing at all", "a.bin", "", "empty", false],
    ["UTF-16 named csv", "a.csv", Buffer.from("a,b\n1,2\n", "utf16le"), "csv", false],
    ["text with a few control bytes named log", "a.log", "a\0b some text here\n", "text", false],
    ["a zip behind a stub", "a.zip", Buffer.concat([Buffer.from("stub"), zipOf([])]), "zip", false],
  ])("%s", async (_, name, bytes, format, warns) => {
    const found = await recognised(name, bytes);
    expect(found.format.name).toBe(format);
    expect(found.warning !== undefined).toBe(warns);
    expect(found.reason !== undefined).toBe(format === "metadata");
  });

  test.each([
    ["the name", "a.csv", {}, text, "name"],
    ["the configuration", "a.dat", { ".dat": "csv" }, text, "configuration"],
    ["the content, for want of a known name", "a", {}, gzipSync(text), "content"],
    ["the content, against the name", "a.csv", {}, gzipSync(text), "content"],
    ["the content of what is only described", "a.bin", {}, binary, "content"],
  ])("it is remembered what spoke: %s", async (_, name, extensions, bytes, by) => {
    const source = memorySource(name, Buffer.from(bytes as Uint8Array));
    const found = await recognise({ ...requestFor(source), extensions });
    expect(found.by).toBe(by);
  });

  test("a text's own look has a confidence that grows with what agrees", async () => {
    const confidence = async (content: string) => (await recognised("a", content)).confidence;
    expect(await confidence("a,b\n1,2\n")).toBe(0.5);
    expect(await confidence("a,b,c\n1,2,3\n4,5,6\n")).toBe(0.9375);
    expect(await confidence('{"a":1}\n')).toBe(1);
    expect(await confidence("lines\nof text\n")).toBeUndefined();
  });

  test.each([
    ["statements end with a semicolon", 'import "a";\nimport "b";\n'],
    ["commas of a sentence", "one, two\nthree, four\n"],
    ["commas in brackets", "[10:00:00,1] a [b,1]\n[10:00:00,2] c [d,2]\n"],
    ["long sentences", "a b c d e f g h i j,k\na b c d e f g h i j,k\n"],
    ["records that differ", "a,b\n1,2\n3,4,5\n"],
    ["one line", "a,b,c,d,e,f\n"],
    ["brackets that do not match", '{"a":1]\n'],
  ])("and is lines where it is not delimited: %s", async (_, content) => {
    expect((await recognised("a", content)).format.name).toBe("text");
  });

  const large = "x".repeat(70_000);
  test.each([
    ['{"a":1}', "json"],
    ["\ufeff [1, 2]\n", "json"],
    ['{"a":1}\n{"a":2}\n', "json"],
    ['{"a":1},\n{"a":2},\n', "json"],
    ['{"a":1}{"a":2}', "json"],
    ['{\n  "a": [\n    1\n  ]\n}\n', "json"],
    [`[${"1,".repeat(70_000)}1]`, "json"],
    [`{"a":"${large}"}`, "json"],
    [`[\n{"a":"${large}"},\n1]`, "json"],
    ["[1] a, b\n[2] c, d\n", "text"],
    ["[2026-01-18 14:30:00] INFO begun, at last\n", "text"],
    ["[section]\nkey=1\n", "text"],
    ["{x} y\n", "text"],
    [`{${"a, b\n".repeat(20_000)}`, "text"],
    ["17\n", "text"],
  ])("and JSON is known by its content: %.40j", async (content, format) => {
    expect((await recognised("a", content, 1)).format.name).toBe(format);
  });

  test.each(["a.zip", "a.tar", "a.parquet", "a.tgz"])("an empty %s is broken", async (name) => {
    await expect(recognised(name, "")).rejects.toBeInstanceOf(Failure);
  });
});

test("the configuration takes the name of every format but those of a tar in a compression", () => {
  const names = formats.map(({ name }) => name).filter((name) => !name.startsWith("tar."));
  const accepted = (name: string) =>
    configSchema.safeParse({ formats: { extensions: { ".x": name } } }).success;
  expect(names.filter((name) => !accepted(name))).toEqual([]);
  expect(["unknown", "tar.gz", "docx"].filter(accepted)).toEqual([]);
});

test("small numbers of two bytes are no text in UTF-16", async () => {
  const numbers = Buffer.from(Uint16Array.from({ length: 300 }, (_, i) => i % 9).buffer);
  expect((await recognised("a", numbers)).format.name).toBe("metadata");
  expect((await recognised("a", Buffer.from("größe\n", "utf16le"))).format.name).toBe("text");
});
