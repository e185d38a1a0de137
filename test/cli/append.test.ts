import { createReadStream, writeFileSync } from "node:fs";
import { readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { appendMany } from "../../src/manifest/append-many.ts";
import { createWorld, DATASET, rows, run, type World } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

const manifest = (world: World, dataset = DATASET) =>
  readFile(world.path("manifests/processed.jsonl", dataset), "utf8");

test("append writes one line that is then sampled; the directory is made where it is missing", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", rows(5));
  const args = ["append", "--dataset", DATASET, "--raw", "raw/a.csv", "--bronze", "bronze/a.csv"];
  const { code, stdout, stderr } = await world.run([...args, "--mtime", "1737200000.5"]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await manifest(world)).toBe(
    '{"raw":"raw/a.csv","bronze":"bronze/a.csv","mtime":1737200000.5}\n',
  );
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
});

test("without --mtime it is read from raw, else from bronze; --json prints the line", async () => {
  await using world = await createWorld();
  await world.write("raw/a.csv", rows(5));
  await world.write("bronze/a.csv", rows(5));
  await utimes(world.path("raw/a.csv"), 1111.25, 1111.25);
  await utimes(world.path("bronze/a.csv"), 2222.5, 2222.5);
  const both = await world.run([
    "append",
    "--dataset",
    DATASET,
    "--raw",
    "raw/a.csv",
    "--bronze",
    "bronze/a.csv",
    "--json",
  ]);
  expect(JSON.parse(both.stdout)).toEqual({
    raw: "raw/a.csv",
    bronze: "bronze/a.csv",
    mtime: 1111.25,
  });
  const bronze = await world.run([
    "append",
    "--dataset",
    DATASET,
    "--raw",
    "raw/b.csv",
    "--bronze",
    "bronze/a.csv",
    "--json",
  ]);
  expect(JSON.parse(bronze.stdout)).toMatchObject({ mtime: 2222.5 });
  expect(await manifest(world)).toBe(both.stdout + bronze.stdout);
});

test.each([
  [
    "a dataset of two parts",
    ["--dataset", "a/b", "--raw", "r", "--bronze", "b", "--mtime", "1"],
    /vendor\/dataset\/version/,
  ],
  [
    "a dataset that climbs",
    ["--dataset", "a/../c", "--raw", "r", "--bronze", "b", "--mtime", "1"],
    /not a dataset/,
  ],
  [
    "an mtime that is none",
    ["--dataset", "a/b/c", "--raw", "r", "--bronze", "b", "--mtime", "noon"],
    /--mtime noon/,
  ],
  [
    "milliseconds",
    ["--dataset", "a/b/c", "--raw", "r", "--bronze", "b", "--mtime", "1737200000000"],
    /milliseconds/,
  ],
  [
    "no mtime anywhere",
    ["--dataset", "a/b/c", "--raw", "r", "--bronze", "b"],
    /neither r nor b is there/,
  ],
  [
    "an empty raw",
    ["--dataset", "a/b/c", "--raw", "", "--bronze", "b", "--mtime", "1"],
    /raw is not a non-empty string/,
  ],
])("%s is a usage error, and nothing is written", async (_what, args, message) => {
  await using world = await createWorld();
  const before = await world.snapshot();
  const { code, stderr } = await world.run(["append", ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
  expect(await world.snapshot()).toEqual(before);
});

const anEntry = ["--raw", "raw/a.csv", "--bronze", "bronze/a.csv", "--mtime", "1"];

test("a dataset without bronze/ is warned of, and so is a bronze that is not there", async () => {
  await using world = await createWorld();
  const typo = await world.run(["append", "--dataset", "acme/ordres/v1", ...anEntry]);
  expect({ code: typo.code, stdout: typo.stdout }).toEqual({ code: 0, stdout: "" });
  expect(typo.stderr).toBe(
    `warning: ${world.path("bronze", "acme/ordres/v1")} is not there: is acme/ordres/v1 the right dataset?\n` +
      `warning: ${world.path("bronze/a.csv", "acme/ordres/v1")} is not there: append after the copy is complete\n`,
  );
  expect(await manifest(world, "acme/ordres/v1")).toMatch(/^\{"raw":"raw\/a.csv".*\}\n$/);
  const early = await world.run(["append", "--dataset", DATASET, ...anEntry]);
  expect(early.stderr).toBe(
    `warning: ${world.path("bronze/a.csv")} is not there: append after the copy is complete\n`,
  );
});

test("--strict appends nothing where bronze is not there, and makes no directory", async () => {
  await using world = await createWorld();
  const before = await world.snapshot();
  for (const dataset of [DATASET, "acme/ordres/v1"]) {
    const { code, stderr } = await world.run([
      "append",
      "--dataset",
      dataset,
      ...anEntry,
      "--strict",
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/FILE_MISSING: .*is not there.*; nothing was appended/);
  }
  expect(await world.snapshot()).toEqual(before);
  await world.write("bronze/a.csv", rows(2));
  const whole = await world.run(["append", "--dataset", DATASET, ...anEntry, "--strict"]);
  expect(whole).toMatchObject({ code: 0, stderr: "" });
});

test("an absolute bronze outside of its dataset is looked for where it is", async () => {
  await using world = await createWorld();
  await world.write("bronze/b.csv", rows(2), "acme/other/v1");
  const bronze = world.path("bronze/b.csv", "acme/other/v1");
  const args = ["--dataset", DATASET, "--raw", "raw/b.csv", "--bronze", bronze, "--mtime", "1"];
  const { code, stderr } = await world.run(["append", ...args, "--strict"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

/** Runs `append --stdin` with a text on its stdin. */
async function appendLines(world: World, text: string | Buffer, ...args: readonly string[]) {
  const file = join(world.root, "lines");
  await writeFile(file, text);
  const command = [process.execPath, main, "append", "--dataset", DATASET, "--stdin", ...args];
  return run(["sh", "-c", 'exec "$@" <"$LINES"', "sh", ...command], world.config, {
    env: { LINES: file },
  });
}

test("--stdin appends entries of JSON as they are, and paths in bronze with raw and mtime; the rest is told", async () => {
  await using world = await createWorld();
  for (const name of ["a.csv", "deep/b.csv"]) {
    await world.write(`bronze/${name}`, rows(3));
    await utimes(world.path(`bronze/${name}`), 1111.25, 1111.25);
  }
  const kept = '{"raw": "raw/x.csv", "bronze":"bronze/x.csv","mtime":17.5,"by":"etl"}';
  const lines = [
    "bronze/a.csv",
    "",
    world.path("bronze/deep/b.csv"),
    kept,
    '{"raw":"raw/z.csv","bronze":"bronze/a.csv"}',
    ' {"raw":"raw/y.csv"}',
    "{bad",
    "silver/a.csv",
    "bronze/../manifests/processed.jsonl",
    "bronze/gone.csv",
    "https://example.org/a.csv?token=S3CR3T",
    "x".repeat(1024 * 1024 + 1),
    "bronze/a.csv",
  ];
  const did = await appendLines(world, lines.join("\n"));
  expect(did).toMatchObject({ code: 3, stdout: "" });
  const told = did.stderr.trimEnd().split("\n");
  expect(told.map((line) => /^line \d+/.exec(line)?.[0])).toEqual([
    ...[6, 7, 8, 9, 10, 11, 12].map((number) => `line ${number}`),
    undefined,
  ]);
  expect(told.at(-1)).toBe("appended 5 lines, refused 7");
  expect(did.stderr).not.toContain("S3CR3T");
  const a = '{"raw":"raw/a.csv","bronze":"bronze/a.csv","mtime":1111.25}';
  expect(await manifest(world)).toBe(
    [
      a,
      '{"raw":"raw/deep/b.csv","bronze":"bronze/deep/b.csv","mtime":1111.25}',
      kept,
      '{"raw":"raw/z.csv","bronze":"bronze/a.csv","mtime":1111.25}',
      a,
      "",
    ].join("\n"),
  );
});

test("--stdin reaches names that are not UTF-8, and --strict leaves out what is not there", async () => {
  await using world = await createWorld();
  const name = Buffer.concat([Buffer.from(world.path("bronze/")), Buffer.from([0xe9, 0x2e, 0x63])]);
  await world.write("bronze/a.csv", rows(3));
  writeFileSync(name, rows(3));
  const there = '{"raw":"raw/a.csv","bronze":"bronze/a.csv","mtime":1}\n';
  const gone = '{"raw":"raw/b.csv","bronze":"bronze/b.csv","mtime":1}\n';
  const text = Buffer.concat([Buffer.from("bronze/"), Buffer.from([0xe9, 0x2e, 0x63, 0x0a])]);
  const strict = await appendLines(
    world,
    Buffer.concat([text, Buffer.from(there + gone)]),
    "--strict",
    "--json",
  );
  expect(strict).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/^line 3: .*b\.csv is not there/),
  });
  expect(JSON.parse(strict.stdout)).toEqual({ appended: 2, refused: 1 });
  expect((await world.pass()).summary).toMatchObject({ lines: 2, sampled: 2 });
});

test("--stdin appends many lines with one write, whole between those of others", async () => {
  await using world = await createWorld();
  const line = (by: string, i: number) =>
    `{"raw":"raw/${by}${i}.csv","bronze":"bronze/${by}${i}.csv","mtime":1737200000}\n`;
  const linesOf = (by: string) => Array.from({ length: 20_000 }, (_, i) => line(by, i));
  const all = ["a", "b"].map(linesOf);
  await Promise.all(
    all.map(async (lines, i) => {
      const file = join(world.root, `lines${i}`);
      await writeFile(file, lines.join(""));
      await appendMany({
        prefix: world.prefix,
        dataset: DATASET,
        chunks: createReadStream(file),
        onRefused: (number, reason) => expect.unreachable(`${number}: ${reason}`),
      });
    }),
  );
  const found = (await manifest(world)).split(/(?<=\n)/);
  expect(found.toSorted()).toEqual(all.flat().toSorted());
});

test.each([
  ["neither a file nor --stdin", [], /append needs --raw and --bronze, or --stdin/],
  ["both", ["--stdin", ...anEntry], /--raw <path>' cannot be used with option '--stdin'/],
])("%s is refused", async (_what, args, message) => {
  await using world = await createWorld();
  const { code, stderr } = await world.run(["append", "--dataset", DATASET, ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});
