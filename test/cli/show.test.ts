import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import widthOf from "string-width";
import { expect, test } from "vitest";
import { runHere } from "../helpers/program.ts";
import { createWorld, DATASET, type Ran, rows, run, type World } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const hostile = [
  "\u001b[31mred\u001b[0m",
  "\u001b]0;title\u0007",
  "a\nb\rc",
  "nul\u0000",
  "\u202etxt.exe",
  "\u009b2J",
  "wide 漢字",
];

/** Runs `show` without a process of its own. */
async function show(world: World, ...args: readonly string[]): Promise<Ran> {
  world.close();
  const { stdout, ...did } = await runHere(["show", ...args], {
    STAGING_SAMPLER_CONFIG: world.config,
  });
  return { ...did, stdout: stdout.toString() };
}

// oxlint-disable-next-line no-control-regex
const moving = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e]/;

/** The output of `show` on stdout; it must end well. */
async function shown(world: World, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await show(world, ...args);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

/** The same as JSON. */
async function shownAsJson(world: World, ...args: readonly string[]): Promise<Shown[]> {
  return JSON.parse(await shown(world, ...args, "--json")) as Shown[];
}

interface Shown {
  readonly entry: { readonly raw: string; readonly outcome: string | null } | null;
  readonly dataset: string | null;
  readonly shown: string;
  readonly path: string;
  readonly problem: { readonly code: string } | null;
  readonly view: { readonly format: string; readonly tables: { readonly rows: unknown[] }[] };
}

/** Runs `show` on a terminal of that many columns. */
async function onTerminal(
  world: World,
  columns: number,
  args: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  world.close();
  const command = `stty cols ${columns} && exec ${process.execPath} ${main} show ${args}`;
  const { stdout } = await run(["script", "-qec", command, "/dev/null"], world.config, { env });
  return stdout.replaceAll("\r\n", "\n");
}

test("show prints where a sample comes from, then its first rows under names and types", async () => {
  await using world = await createWorld();
  await world.put("big.csv", rows(200));
  await world.pass();
  const { code, stdout } = await world.run(["show", "raw/big.csv", "--rows", "2"]);
  expect(code).toBe(0);
  expect(stdout.split("\n")).toEqual([
    `${DATASET}  raw/big.csv`,
    "  bronze    bronze/big.csv",
    "  mtime     1737200000  (2025-01-18T11:33:20Z)",
    expect.stringMatching(/^ {2}state {5}sampled \d{4}-/),
    expect.stringMatching(/^ {2}sample {4}samples\/big_sample\.csv, 988 B$/),
    "  format    csv, recognised by name, 100 rows, cut by rows",
    expect.stringMatching(/^ {2}source {4}2\.\d KiB of 2\.\d KiB read$/),
    "  shown     the sample",
    "  delimiter ,",
    "",
    "     id  name",
    "integer  text",
    "      0  row 0",
    "      1  row 1",
    "(first 2 of 100 rows)",
    "",
  ]);
});

test("a raw, its sample's path and its bronze file all lead to it", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  const sample = world.path("samples/a_sample.csv");
  for (const what of ["raw/a.csv", "samples/a_sample.csv", sample]) {
    const [one] = await shownAsJson(world, what);
    expect(one).toMatchObject({ entry: { raw: "raw/a.csv" }, shown: "sample", path: sample });
  }
  const bronze = world.path("bronze/a.csv");
  for (const what of [bronze, `${DATASET}/bronze/a.csv`, "bronze/a.csv"]) {
    const [one] = await shownAsJson(world, what);
    expect(one).toMatchObject({ entry: { raw: "raw/a.csv" }, shown: "sample", path: sample });
  }
  await world.write("bronze/unknown.csv", rows(3));
  const [file] = await shownAsJson(world, "bronze/unknown.csv", "--dataset", DATASET);
  expect(file).toMatchObject({ entry: null, dataset: DATASET, shown: "file" });
});

test("the end of a raw that no other has leads to it, and so does a path from anywhere", async () => {
  await using world = await createWorld();
  await world.put("env0/a.csv", rows(3));
  await world.put("env1/a.csv", rows(3));
  await world.put("env0/b.csv", rows(3), { bronze: world.path("bronze/absolute.csv") });
  await world.write("bronze/absolute.csv", rows(3));
  await world.pass();
  world.close();
  const [short] = await shownAsJson(world, "env0/a.csv");
  expect(short?.entry).toMatchObject({ raw: "raw/env0/a.csv" });
  const several = await show(world, "a.csv");
  expect([several.code, several.stdout]).toEqual([2, ""]);
  expect(several.stderr).toMatch(/did you mean .* raw\/env0\/a\.csv, .* raw\/env1\/a\.csv\?/);
  const link = join(world.root, "link");
  await symlink(world.prefix, link);
  const places = [
    [world.path("bronze"), "absolute.csv"],
    [join(link, DATASET, "samples"), "b_sample.csv"],
    ["/", join(link, DATASET, "bronze/absolute.csv")],
  ] as const;
  const found = await Promise.all(
    places.map(([directory, what]) =>
      run(["env", "-C", directory, process.execPath, main, "show", what, "--json"], world.config),
    ),
  );
  for (const { stdout } of found)
    expect(JSON.parse(stdout)).toMatchObject([
      { entry: { raw: "raw/env0/b.csv" }, shown: "sample" },
    ]);
});

test("a raw of several datasets is shown for each, or for the one that is named", async () => {
  await using world = await createWorld();
  const other = "acme/returns/v1";
  await world.put("a.csv", rows(1));
  await world.put("a.csv", rows(2), { dataset: other });
  await world.pass();
  const all = await shownAsJson(world, "raw/a.csv");
  expect(all.map(({ dataset }) => dataset)).toEqual([DATASET, other]);
  const [one, ...rest] = await shownAsJson(world, "raw/a.csv", "--dataset", other);
  expect([one?.dataset, rest]).toEqual([other, []]);
});

test("an entry that failed is shown with its reason and the beginning of its file", async () => {
  await using world = await createWorld();
  await world.put("broken.parquet", "PAR1 and nothing that follows");
  await world.pass();
  const text = await shown(world, "raw/broken.parquet");
  expect(text).toMatch(/state {5}failed .*FORMAT_INVALID: /);
  expect(text).toMatch(/shown {5}the beginning of .*broken\.parquet/);
  expect(text).toContain("PAR1 and nothing that follows");
});

test("an entry whose file is gone is shown with the reason alone, and exit code 1", async () => {
  await using world = await createWorld();
  await world.announce("gone.csv");
  await world.pass();
  const { code, stdout } = await show(world, "raw/gone.csv");
  expect(code).toBe(1);
  expect(stdout).toMatch(/failed .*FILE_MISSING/);
  expect(stdout).toMatch(/problem {3}FILE_MISSING: /);
  expect(stdout).toMatch(/shown {5}nothing/);
});

test("an entry that waits, or whose sample was pruned or removed, is shown from bronze", async () => {
  await using world = await createWorld({ retention: { maxFiles: 1 } });
  await world.put("old.csv", rows(3));
  await world.pass();
  await world.put("new.csv", rows(3));
  await world.pass();
  await rm(world.path("samples/new_sample.csv"));
  await world.put("waits.csv", rows(3));
  await world.announce("waits.csv");
  const [pruned] = await shownAsJson(world, "raw/old.csv");
  expect(pruned).toMatchObject({ entry: { outcome: "pruned" }, shown: "file", problem: null });
  const [removed] = await shownAsJson(world, "raw/new.csv");
  expect(removed).toMatchObject({ shown: "file", problem: { code: "FILE_MISSING" } });
  expect(removed?.view.tables[0]?.rows).toHaveLength(3);
});

test("a sample of an earlier version is shown, and said to be one", async () => {
  await using world = await createWorld();
  await world.put("a.parquet", "x");
  await world.put("b.csv", rows(3));
  await world.pass();
  await world.write("bronze/b.csv", Buffer.from([0, 1, 2]));
  await rm(world.path("bronze/b.csv"));
  await world.announce("b.csv", { mtime: 1 });
  await world.pass();
  const text = await shown(world, "raw/b.csv");
  expect(text).toMatch(/state {5}failed .*FILE_MISSING/);
  expect(text).toMatch(/sample {4}.*; of an earlier version\n {2}sampled {3}\d{4}-/);
  expect(text).toMatch(/shown {5}the sample/);
});

test("what is unknown is a failure that names what is like it", async () => {
  await using world = await createWorld();
  await world.put("data.csv", rows(3));
  await world.pass();
  const { code, stdout, stderr } = await show(world, "raw/env9/data.csv");
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(
    /no entry has the raw raw\/env9\/data\.csv.*acme\/orders\/v1 raw\/data\.csv/,
  );
});

test("without a cache, files of the lake are shown, and others are not known", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", rows(3));
  const [one] = await shownAsJson(world, `${DATASET}/bronze/a.csv`);
  expect(one?.view.tables[0]?.rows).toHaveLength(3);
  const { code, stderr } = await show(world, "raw/a.csv");
  expect(code).toBe(1);
  expect(stderr).toMatch(/there is no cache yet/);
});

test("what lies outside of the lake is not shown, also behind a link", async () => {
  await using world = await createWorld();
  await mkdir(world.path("raw"), { recursive: true });
  await symlink("/etc/passwd", world.path("raw/link.txt"));
  for (const what of ["/etc/passwd", world.path("raw/link.txt")]) {
    const { code, stdout, stderr } = await show(world, what);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/not in the lake/);
  }
});

test("a bronze path in a manifest that leads out of the lake is not followed", async () => {
  await using world = await createWorld();
  await world.announce("x.txt", { bronze: "/etc/passwd" });
  await world.pass();
  const { code, stdout } = await show(world, "raw/x.txt");
  expect(code).toBe(1);
  expect(stdout).not.toContain("root:");
  expect(stdout).toMatch(/problem {3}PATH_REFUSED/);
});

test("nothing in a cell, a name or a path reaches the terminal as a control character", async () => {
  await using world = await createWorld();
  const lines = hostile.map((cell) => JSON.stringify({ [cell]: cell, b: null }));
  const name = "evil\u001b[2J\u202e.jsonl";
  await world.put(name, `${lines.join("\n")}\n`);
  await world.pass();
  for (const args of [[`raw/${name}`], [`raw/${name}`, "--width", "0"]]) {
    const text = await shown(world, ...args);
    expect(text.replaceAll("\n", "")).not.toMatch(moving);
    expect(text).toContain("·[31mred·[0m");
    expect(text).toContain("∅");
  }
  const { stderr } = await show(world, `raw/none${name}`);
  expect(stderr.trimEnd()).not.toMatch(moving);
});

test.each([40, 80, 200])("a line has at most the %i columns that --width gives", async (width) => {
  await using world = await createWorld();
  const header = Array.from({ length: 30 }, (_, i) => `column ${i}`).join(",");
  await world.put("wide.csv", `${header}\n${"漢字漢字漢字,x,".repeat(15)}\n`);
  await world.pass();
  const text = await shown(world, "raw/wide.csv", "--width", String(width));
  const [, table = ""] = text.split("\n\n");
  expect(Math.max(...table.split("\n").map((line) => widthOf(line)))).toBeLessThanOrEqual(width);
  expect(table).toMatch(/… \d+ more columns: column/);
  const all = await shown(world, "raw/wide.csv", "--width", "0");
  expect(all).toContain("column 29");
  expect(all).not.toContain("more columns");
});

test("a header of 5,000 columns and a cell of a megabyte are shown in a few lines", async () => {
  await using world = await createWorld();
  const header = Array.from({ length: 5000 }, (_, i) => `c${i}`).join(",");
  await world.put("wide.csv", `${header}\n${"1,".repeat(4999)}2\n`);
  await world.put("long.csv", `a,b\n${"x".repeat(1e6)},2\n`);
  await world.pass();
  expect((await shown(world, "raw/wide.csv")).length).toBeLessThan(3000);
  expect((await shown(world, "raw/long.csv")).length).toBeLessThan(3000);
});

test("on a terminal lines fit it, with colour unless NO_COLOR is set; elsewhere there is none", async () => {
  await using world = await createWorld();
  await world.put("a.jsonl", `${JSON.stringify({ a: null, b: "null", c: "x".repeat(300) })}\n`);
  await world.pass();
  const colours = await onTerminal(world, 60, "raw/a.jsonl");
  expect(colours).toContain("\u001b[2m∅\u001b[22m");
  expect(colours).not.toContain("\u001b[2mnull");
  const plain = await onTerminal(world, 60, "raw/a.jsonl", { NO_COLOR: "1" });
  expect(plain).not.toContain("\u001b");
  const [, table = ""] = plain.split("\n\n");
  expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
  expect(await shown(world, "raw/a.jsonl")).not.toContain("\u001b");
});

test("compressed, nested and unknown formats are shown as what they hold", async () => {
  await using world = await createWorld();
  await world.put("a.csv.gz", gzipSync(rows(3)));
  await world.put("model.bin", Buffer.alloc(500, "\u0000\u0001"));
  await world.pass();
  expect(await shown(world, "raw/a.csv.gz")).toMatch(/format {4}csv\.gz, .*row 2/s);
  const text = await shown(world, "raw/model.bin");
  expect(text).toMatch(/metadata, recognised by content, no samples of \.bin files/);
  expect(text).toMatch(/reason/);
});

test("show takes no lock, and writes nothing", async () => {
  await using world = await createWorld({ schedule: "0 0 29 2 *" });
  await world.put("a.csv", rows(3));
  await world.pass();
  world.close();
  const before = await world.snapshot(world.path(""));
  await shown(world, "raw/a.csv");
  expect(await world.snapshot(world.path(""))).toEqual(before);
});

test.each([
  ["no argument", []],
  ["no rows", ["raw/a.csv", "--rows", "0"]],
  ["a width that is none", ["raw/a.csv", "--width", "wide"]],
])("%s is a usage error", async (_what, args) => {
  await using world = await createWorld();
  const { code, stdout } = await show(world, ...args);
  expect([code, stdout]).toEqual([2, ""]);
});

test("nothing is left out of columns for which there is room", async () => {
  await using world = await createWorld();
  await world.put("broken.zip", Buffer.alloc(16));
  await world.pass();
  expect(await shown(world, "raw/broken.zip", "--width", "80")).toContain(
    `0000    ${Array(16).fill("00").join(" ")}  `,
  );
});

test("where it cannot be seen whether there is a cache, that is said in one line", async () => {
  await using world = await createWorld();
  await symlink("loop", join(world.root, "loop"));
  await world.configure({ state: join(world.root, "loop/state") });
  for (const args of [
    ["show", "raw/a.csv"],
    ["run", "--dry-run"],
  ]) {
    const { code, stderr } = await world.run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^staging-sampler: CACHE_UNUSABLE: cannot use the cache .*ELOOP.*\n$/);
  }
});
