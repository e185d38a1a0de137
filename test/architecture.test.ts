import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** The rooms of `src/`, top to bottom. A room imports only what stands on lower lines. */
const LINES: readonly (readonly string[])[] = [
  ["main"],
  ["cli"],
  ["daemon"],
  ["http"],
  ["hooks"],
  ["sampling", "staging", "regions", "inspect"],
  ["workers", "view", "transfer"],
  ["store"],
  ["samples", "storage"],
  ["job"],
  ["checks", "masking"],
  ["manifest", "raw", "decode"],
  ["formats"],
  ["lake"],
  ["load"],
  ["config", "log"],
  ["system"],
  ["lib"],
  ["errors", "version"],
];

/**
 * The one room that may know a package; others ask that room. zod is known wherever JSON comes in
 * from outside, and nowhere else: what is checked and what is documented are one schema.
 */
const PACKAGES: Readonly<Record<string, string | readonly string[]>> = {
  "@aws-sdk/client-s3": "storage",
  "@aws-sdk/credential-provider-ini": "storage",
  "@aws-sdk/s3-request-presigner": "storage",
  "@hono/node-server": "http",
  "@hono/zod-openapi": "http",
  "@napi-rs/lzma": "formats",
  "better-sqlite3": "store",
  "bzip2-wasm": "formats",
  commander: "cli",
  croner: "lib",
  "csv-parse": "view",
  "csv-stringify": "cli",
  "fastest-levenshtein": "lib",
  hono: "http",
  hyparquet: "decode",
  "hyparquet-compressors": "decode",
  koffi: "system",
  "lz4-napi": "formats",
  pg: "store",
  "pg-boss": "store",
  pino: "log",
  "pino-pretty": "log",
  "prom-client": "http",
  re2js: "checks",
  snappy: "formats",
  "string-width": "cli",
  "unbzip2-stream": "formats",
  yaml: "config",
  yauzl: "formats",
  zod: ["config", "regions", "staging"],
};

/** Modules without effects: bytes and values in, bytes and values out. */
const PURE =
  /^src\/(checks|masking|formats|decode|lib|job\.ts|samples\/path\.ts|raw\/(names|ready|same-time|settled-state|types|messages)\.ts|store\/[^/]+(?<!open)\.ts|sampling\/(summary|drain\/retry|job\/sample-names)\.ts|regions\/(prices|price-schema|\w+-prices|estimated?|figures|offer|merge-offers|script-text|policy|charges|costs|cost-report|stays|pace|requests)\.ts)/;
/**
 * Node modules with effects: disk, network, processes, threads; and the rooms that stand for them.
 */
const EFFECTS = /^node:(fs|net|http|https|dgram|child_process|worker_threads|cluster)(\/|$)/;

interface Import {
  readonly from: string;
  /** A path below the project for a file of ours, else the name of a module. */
  readonly to: string;
}

const files = globSync("src/**/*.ts", { cwd: root });
const imports = files.flatMap(importsOf);

test("imports run downwards, from room to room", () => {
  const between = imports.filter(({ from, to }) => isOurs(to) && roomOf(from) !== roomOf(to));
  expect(between.length).toBeGreaterThan(500);
  const others = between.filter(({ from, to }) => lineOf(to) <= lineOf(from));
  expect(others.map(textOf)).toEqual([]);
});

test("each package is known in one room", () => {
  const packages = imports.filter(({ to }) => !isOurs(to) && !to.startsWith("node:"));
  expect(packages.length).toBeGreaterThan(30);
  const elsewhere = packages.filter(
    ({ from, to }) => ![PACKAGES[nameOf(to)]].flat().includes(roomOf(from)),
  );
  expect(elsewhere.map(textOf)).toEqual([]);
});

test.each([
  ["src/store/sqlite/", "better-sqlite3"],
  ["src/store/postgres/", "pg"],
])("what is in %s is known there, and chosen in two files", (folder, driver) => {
  const isInside = (file: string) => file.startsWith(folder);
  const inside = imports.filter(({ to }) => isInside(to) || nameOf(to) === driver);
  expect(inside.length).toBeGreaterThan(20);
  const outside = new Set(inside.map(({ from }) => from).filter((from) => !isInside(from)));
  expect([...outside]).toEqual(["src/store/migrate.ts", "src/store/open.ts"]);
});

test("what is pure has no effects", () => {
  const pure = imports.filter(({ from }) => PURE.test(from));
  expect(new Set(pure.map(({ from }) => from)).size).toBeGreaterThan(80);
  expect(pure.filter(({ to }) => EFFECTS.test(to)).map(textOf)).toEqual([]);
});

test("four files stand outside of rooms", () => {
  const loose = files.filter((file) => dirname(file) === "src");
  expect(loose.toSorted()).toEqual([
    "src/errors.ts",
    "src/job.ts",
    "src/main.ts",
    "src/version.ts",
  ]);
});

test("a process that stays loads neither the schema nor the YAML reader", () => {
  const loaded = loadedBy(["src/main.ts", "src/cli/program.ts", "src/cli/commands/run-daemon.ts"]);
  expect(loaded.has("src/daemon/daemon.ts")).toBe(true);
  expect(["zod", "yaml", "src/config/schema.ts"].filter((name) => loaded.has(name))).toEqual([]);
});

test("one pass loads nothing of a daemon's log, page and watching", () => {
  const loaded = loadedBy(["src/main.ts", "src/cli/program.ts", "src/cli/commands/run-once.ts"]);
  expect(loaded.has("src/sampling/pass.ts")).toBe(true);
  const daemons = [
    "pino",
    "src/daemon/daemon.ts",
    "src/http/supervisor.ts",
    "src/manifest/watch/watch.ts",
  ];
  expect(daemons.filter((name) => loaded.has(name))).toEqual([]);
});

test("the SDK of S3 is loaded when an object at S3 is asked for, and not before", () => {
  const loaded = loadedBy(["src/cli/commands/stage-get.ts"]);
  expect(loaded.has("src/storage/s3-clients.ts")).toBe(true);
  expect([...loaded].filter((name) => /^@(aws-sdk|smithy)\//.test(name))).toEqual([]);
});

/** Modules that are loaded with some files: what they import, but for types, and what those import. */
function loadedBy(entries: readonly string[]): ReadonlySet<string> {
  const loaded = new Set(entries);
  for (const file of loaded) {
    if (!isOurs(file)) continue;
    const text = readFileSync(join(root, file), "utf8");
    const found = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;]*?from\s+)?"([^"\n]+)"/gm);
    for (const [, name = ""] of found)
      loaded.add(name.startsWith(".") ? normalize(join(dirname(file), name)) : name);
  }
  return loaded;
}

/** Every import, those of types, those at run time and those by `require` too. */
function importsOf(from: string): Import[] {
  const text = readFileSync(join(root, from), "utf8");
  const found = text.matchAll(/\b(?:from\s+|import\s+|import\(\s*|require\(\s*)"([^"\n]+)"/g);
  return [...found].map(([, name = ""]) => ({
    from,
    to: name.startsWith(".") ? normalize(join(dirname(from), name)) : name,
  }));
}

function isOurs(to: string): boolean {
  return to.startsWith("src/");
}

function roomOf(file: string): string {
  return (file.split("/")[1] as string).replace(/\.ts$/, "");
}

function lineOf(file: string): number {
  const line = LINES.findIndex((rooms) => rooms.includes(roomOf(file)));
  if (line === -1) throw new Error(`${file} is in no room of LINES`);
  return line;
}

/** `a/b` of `a/b/c`, `@a/b` of `@a/b/c`, `a` of `a/c`. */
function nameOf(module: string): string {
  return module.split("/", module.startsWith("@") ? 2 : 1).join("/");
}

function textOf({ from, to }: Import): string {
  return `${from} imports ${to}`;
}
