import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig, parseConfig } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { createWorld } from "../helpers/world.ts";

test("an empty file is all defaults", () => {
  expect(parseConfig("", "c.yaml")).toMatchObject({
    schedule: "* * * * *",
    watch: true,
    stopSeconds: 10,
    manifest: { settleMs: 2000, start: "beginning" },
    sample: { enabled: true, rows: 100, bytes: 1024 ** 2, members: 3, layout: "flat" },
    limits: {
      readBytes: 64 * 1024 ** 2,
      recordBytes: 8 * 1024 ** 2,
      seconds: 30,
      depth: 3,
      ratio: 1000,
    },
    log: { level: "info" },
  });
});

test.each([
  ["watch: true", true],
  ["watch: poll", "poll"],
])("%s", (text, watch) => {
  expect(parseConfig(text, "c.yaml").watch).toBe(watch);
});

test.each([
  ["100", 100],
  ["64KiB", 65_536],
  ["2 MiB", 2 * 1024 ** 2],
  ["1gib", 1024 ** 3],
])("sample.bytes: %s is %d bytes", (text, bytes) => {
  expect(parseConfig(`sample:\n  bytes: ${text}\n`, "c.yaml").sample.bytes).toBe(bytes);
});

test.each([
  ["an unknown key", "wach: true", /^c\.yaml:1: unknown key "wach"; did you mean "watch"\?$/],
  [
    "one deeper",
    "\n\nsample:\n  rows: 1\n  rowz: 2\n",
    /^c\.yaml:5: unknown key "rowz" in sample; did you mean "rows"\?$/,
  ],
  [
    "one in an override",
    "overrides:\n  - datasets: a\n    limits:\n      secs: 1\n",
    /:4: unknown key "secs" in overrides\.0\.limits; did you mean/,
  ],
  ["a wrong type", "sample:\n  rows: ten\n", /^c\.yaml:2: sample\.rows: /],
  ["zero rows", "sample:\n  rows: 0\n", /:2: sample\.rows: /],
  [
    "megabytes",
    "sample:\n  bytes: 1MB\n",
    /:2: sample\.bytes: use a number of bytes, or one with KiB/,
  ],
  ["a wrong choice", "drain:\n  order: random\n", /:2: drain\.order: /],
  [
    "a bad schedule",
    "watch: true\nschedule: sometimes\n",
    /:2: schedule: not a cron expression: sometimes/,
  ],
  ["a relative root", "allowedRoots:\n  - data/more\n", /:2: data\/more is not absolute/],
  ["a root that is no URL", "allowedRoots: ['https://[']\n", /:1: https:\/\/\[ is no URL/],
  ["a bucket without an end", "allowedRoots: ['s3://b']\n", /:1: s3:\/\/b does not end with \//],
  ["a URL that names a file", "allowedRoots: ['https://h/a']\n", /h\/a does not end with \//],
  ["a URL without a host", "allowedRoots: ['s3:///a/']\n", /s3:\/\/\/a\/ names no host/],
  ["a URL with a user", "allowedRoots: ['https://u:p@h/']\n", /:1: https:\/\/h\/ has a user/],
  ["a URL with a query", "allowedRoots: ['https://h/?a=b']\n", /h\/\?… has a user, a query/],
  ["a URL that leads up", "allowedRoots: ['https://h/a/../b/']\n", /leads upwards/],
  [
    "limits that contradict",
    "limits:\n  recordBytes: 1GiB\n",
    /:2: .*recordBytes is larger than limits\.readBytes/,
  ],
  [
    "an extension without a dot",
    "formats:\n  extensions:\n    dat: csv\n",
    /:3: .*begins with a dot/,
  ],
  ["an unknown format", "formats:\n  extensions:\n    .dat: cvs\n", /:3: /],
  ["a list", "- watch\n", /^c\.yaml:1: /],
  ["broken YAML", "a: b: c\n", /^c\.yaml:1: /],
  ["the same key twice", "watch: true\nwatch: false\n", /^c\.yaml:2: /],
  ["an endless schedule", "stopSeconds: -1\n", /:1: stopSeconds: /],
])("%s is refused, with its line", (_what, text, message) => {
  const refuse = () => parseConfig(text, "c.yaml");
  expect(refuse).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  expect(refuse).toThrow(message);
});

test("roots are directories, and beginnings of URLs", () => {
  const allowedRoots = ["/more", "https://host:8443/path/", "http://127.0.0.1/", "s3://bucket/a/"];
  expect(parseConfig(JSON.stringify({ allowedRoots }), "c.json").allowedRoots).toEqual(
    allowedRoots,
  );
});

test("every mistake is named at once", () => {
  expect(() => parseConfig("wach: 1\nsample:\n  rows: x\n  bites: 1\n", "c")).toThrow(
    expect.objectContaining({
      message: expect.stringMatching(/^(?=[^]*c:1: .*wach)(?=[^]*c:3: )(?=[^]*c:4: .*bites)/),
    }),
  );
});

test("JSON is YAML too", () => {
  expect(parseConfig('{"sample": {"rows": 5}}', "c.json").sample.rows).toBe(5);
});

test("overrides hold for the datasets they name, the later over the earlier, key by key", () => {
  const settings = settingsOf({
    sample: { rows: 10, bytes: 1000 },
    overrides: [
      { datasets: "a/**", sample: { rows: 20 }, limits: { seconds: 5 } },
      { datasets: "a/b/*", sample: { bytes: "2KiB" }, formats: { extensions: { ".X": "csv" } } },
    ],
  });
  expect(settings.forDataset("z/z/z").limits).toMatchObject({ rows: 10, bytes: 1000, seconds: 30 });
  expect(settings.forDataset("a/z/z").limits).toMatchObject({ rows: 20, bytes: 1000, seconds: 5 });
  expect(settings.forDataset("a/b/z").limits).toMatchObject({ rows: 20, bytes: 2048, seconds: 5 });
  expect(settings.forDataset("a/b/z").extensions).toEqual({ ".x": "csv" });
  expect(settings.forDataset("z/z/z").extensions).toEqual({});
});

test("datasets are chosen by include and exclude", () => {
  const { includes } = settingsOf({
    datasets: { include: ["a/*/*", "b/c/v1"], exclude: ["*/test/*"] },
  });
  expect(["a/x/y", "b/c/v1", "b/c/v2", "a/test/y"].map(includes)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("the state is below the prefix, or where the configuration says, relative to the prefix", () => {
  expect(settingsOf({}).state).toBe("/lake/.staging-sampler");
  expect(settingsOf({ state: "/var/lib/x" }).state).toBe("/var/lib/x");
  expect(settingsOf({ state: "mine" }).state).toBe("/lake/mine");
});

test("flags win over the environment, and that over the file", async () => {
  await using world = await createWorld();
  const file = join(world.root, "c.yaml");
  await writeFile(file, "prefix: /file\nlog:\n  level: warn\n");
  const load = (prefix: string | undefined, env: Record<string, string>) =>
    loadConfig({ config: file, prefix, env });
  expect(load(undefined, {})).toMatchObject({ prefix: "/file", file, log: { level: "warn" } });
  expect(load(undefined, { FP_PREFIX: "/env", LOG_LEVEL: "DEBUG" })).toMatchObject({
    // The file was named by a flag.
    prefix: "/file",
    log: { level: "debug" },
  });
  const byBoth = { STAGING_SAMPLER_CONFIG: file, FP_PREFIX: "/env" };
  const ambient = loadConfig({ config: undefined, prefix: undefined, env: byBoth });
  expect(ambient).toMatchObject({ prefix: "/env" });
  expect(load("/flag", { FP_PREFIX: "/env" })).toMatchObject({ prefix: "/flag" });
  const byEnv = loadConfig({
    config: undefined,
    prefix: undefined,
    env: { STAGING_SAMPLER_CONFIG: file },
  });
  expect(byEnv).toMatchObject({ prefix: "/file", file });
});

function settingsOf(config: object): Settings {
  const directory = mkdtempSync(join(tmpdir(), "sampler-test-"));
  try {
    const path = join(directory, "c.json");
    writeFileSync(path, JSON.stringify({ ...config, prefix: "/lake" }));
    return loadConfig({ config: path, prefix: undefined, env: {} });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test.each([
  ["limits: { seconds: 3000000 }", "limits.seconds"],
  ["manifest: { settleMs: 3000000000 }", "manifest.settleMs"],
  ["stopSeconds: 1000000000", "stopSeconds"],
  ["sample: *x", "config.yaml"],
])("%s is refused: no timer can wait that long, or there is no such anchor", (text, where) => {
  expect(() => parseConfig(text, "config.yaml")).toThrow(where);
});

test.each([
  ["90", 90],
  ["0.5", 0.5],
  ["30s", 30],
  ["5m", 300],
  ["12h", 43_200],
  ["30 d", 2_592_000],
])("retention.maxAge: %s is %d seconds", (text, seconds) => {
  expect(parseConfig(`retention: { maxAge: ${text} }`, "c.yaml").retention.maxAge).toBe(seconds);
});

test.each([
  [
    "an age without a number",
    "retention: { maxAge: long }",
    /retention\.maxAge: use a number of seconds/,
  ],
  ["weeks", "retention: { maxAge: 2w }", /retention\.maxAge: use a number of seconds/],
  ["no files", "retention: { maxFiles: 0 }", /retention\.maxFiles/],
  ["more than all processors", "load: { maxCpu: 170 }", /load\.maxCpu/],
  ["an unknown one", "load: { maxCpus: 70 }", /did you mean "maxCpu"/],
])("%s is refused", (_, text, says) => {
  expect(() => parseConfig(text, "c.yaml")).toThrow(says);
});
