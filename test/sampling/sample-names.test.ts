import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { expectedNames } from "../../src/sampling/job/sample-names.ts";

const settings = loadConfig({ prefix: "/lake", env: {}, config: undefined }).forDataset("a/b/c");

test.each([
  ["raw/env0/data.csv", "data_sample.csv", null],
  ["data.CSV", "data_sample.CSV", null],
  ["raw/data.csv.gz", "data_sample.csv.gz", null],
  ["raw/logs.tar", "logs_sample.txt", ".txt"],
  ["raw/logs.tar.gz", "logs_sample.txt", ".txt"],
  ["raw/logs.tgz", "logs_sample.txt", ".txt"],
  ["raw/parts.zip", "parts_sample.zip", null],
  ["raw/model.bin", "model_sample.meta.json", ".meta.json"],
  ["raw/pictures/a.PNG", "a_sample.meta.json", ".meta.json"],
  ["README", "README_sample", null],
  ["raw/.hidden", "_hidden_sample", null],
  ["raw/part-00000", "part-00000_sample", null],
  ["raw/x.vcf", "x_sample.vcf", null],
  ["raw/orders.csv.20260118", "orders_sample.csv.20260118", null],
  ["raw/access.log.1", "access_sample.log.1", null],
  ["raw/x.csv.bak", "x_sample.csv.bak", null],
  ["raw/run.2026.01", "run.2026_sample.01", null],
  ["raw/two.dots.json", "two.dots_sample.json", null],
  ["raw/notes.txt", "notes_sample.txt", null],
  ["raw/t.parquet", "t_sample.parquet", null],
])("%s → %s", (raw, name, extension) => {
  const { names, extension: expected } = expectedNames(raw, settings);
  expect(expected).toBe(extension);
  expect(names.plain).toBe(name);
  const marked = names.ifTaken();
  expect(marked.replace(/~[0-9a-f]{16}/, "")).toBe(name);
  expect(marked).toMatch(/_sample~[0-9a-f]{16}/);
});

test("configured extensions choose the format, and keep the name", () => {
  const more = { ...settings, extensions: { ".dat": "csv", ".arc": "tar" } };
  expect(expectedNames("raw/a.dat", more)).toMatchObject({ extension: null });
  expect(expectedNames("raw/a.dat", more).names.plain).toBe("a_sample.dat");
  expect(expectedNames("raw/a.arc", more).names.plain).toBe("a_sample.txt");
  const patterns = { ...settings, extensions: { "old-*": "tar", "": "csv" } };
  expect(expectedNames("raw/v1.2/old-logs", patterns).names.plain).toBe("old-logs_sample.txt");
  expect(expectedNames("raw/v1.2/logs", patterns).names.plain).toBe("logs_sample");
});
