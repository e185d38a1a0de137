import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { schemaText } from "../config/schema.ts";
import { parseConfig } from "../src/config/load.ts";
import { failureCodes, type Retry, retryOf } from "../src/errors.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

test("the example configuration is valid, and says what the defaults are", () => {
  const example = parseConfig(read("config/config.example.yaml"), "config.example.yaml");
  expect(example).toEqual(parseConfig("", "empty.yaml"));
});

test("what the example has commented out is valid as well", () => {
  const text = read("config/config.example.yaml")
    .replace(/^( *)# (\w+): (?=[\w/.:-]+$)/gm, "$1$2: ")
    .replace(/^( *(?:load|retention|extensions|names|tools|endpoints|regions):) \{\}/gm, "$1")
    .replace("overrides: []", "overrides:")
    .replace("series: []", "series:")
    .replace("mask: null", "mask:")
    .replace(/^( *)#( {2,}\S.*)$/gm, "$1$2");
  const config = parseConfig(text, "config.example.yaml");
  const { mask, prefix, overrides, formats, load, retention, drift } = config;
  const { staging, endpoints, regions } = config;
  expect(prefix).toBe("/data");
  expect(mask?.columns.map((rule) => rule.with)).toEqual(["token", "year"]);
  expect(formats.extensions).toEqual({ ".dat": "csv" });
  expect(formats.names).toEqual({ "*.csv.[0-9]*": "csv", "part-*": "jsonl" });
  expect(overrides).toHaveLength(3);
  expect(load).toEqual({ maxCpu: 70, maxIo: 5, maxMemory: 80, datasetSecondsPerHour: 600 });
  expect(retention).toMatchObject({ maxAge: 90 * 86_400, maxBytes: 10 * 1024 ** 3 });
  expect(staging).toMatchObject({ store: "/scratch/store", listen: "127.0.0.1:9470" });
  expect(drift.series).toEqual([{ match: "^raw/.*/(?<key>[a-z]+)_\\d+" }]);
  expect(staging.region).toBe("eu-west-1");
  expect(Object.keys(staging.tools)).toEqual(["samtools"]);
  expect(Object.keys(endpoints)).toEqual(["lake"]);
  expect(Object.keys(regions)).toEqual(["us-east-1", "eu-west-1"]);
});

test("the JSON Schema is the one that the code gives", () => {
  expect(read("config/config.schema.json")).toBe(schemaText());
});

/** Words of the operations guide for the time of the next try. */
const again: Readonly<Record<Retry, RegExp>> = {
  later: /^5 s, doubling to 1 h/,
  few: /^three times$/,
  change: /^when its mtime or our version changes$/,
  line: /^when a new line names it$/,
  pass: /^(with the next pass|in the next hour)$/,
  never: /^(never|–)$/,
};

test("every error code has its cure in the operations guide, and is tried again when it says", () => {
  const rows = [
    ...read("docs/operations.md").matchAll(/^\| `([A-Z_]+)` \| ([^|]+) \| [^|]+ \|$/gm),
  ];
  const said = new Map<string, string>();
  for (const [, code = "", when = ""] of rows)
    said.set(code, when === "the same" ? ([...said.values()].at(-1) as string) : when);
  for (const code of failureCodes) expect(said.get(code), code).toMatch(again[retryOf(code)]);
});
