import { rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { createWorld, DATASET, MTIME, rows } from "../helpers/world.ts";

const OTHER = "zeta/other/v2";

test("explain --json: row, decision, sample, format, receipts and lines of an entry", async () => {
  await using world = await createWorld();
  await world.manifest("no entry\n");
  await world.put("a.csv", rows(200));
  await world.put("b.csv", rows(3));
  await world.pass();
  await world.put("a.csv", rows(201), { mtime: MTIME + 1 });
  await world.pass();
  world.close();
  const before = await world.snapshot();
  const { code, stdout, stderr } = await world.run(["explain", "raw/a.csv", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const line = { path: "manifests/processed.jsonl", bronze: "bronze/a.csv" };
  expect(JSON.parse(stdout)).toEqual([
    {
      entry: expect.objectContaining({
        dataset: DATASET,
        raw: "raw/a.csv",
        mtime: MTIME + 1,
        doneMtime: MTIME + 1,
        outcome: "sampled",
        failedAt: null,
      }),
      decision: { decision: "unchanged", why: expect.stringMatching(/this mtime was sampled/) },
      onDisk: { is: "as recorded", bytes: rows(100).length },
      sampled: expect.objectContaining({
        mtime: MTIME + 1,
        format: "csv",
        recognisedBy: "name",
        cut: "rows",
        warnings: [],
      }),
      receipts: {
        count: 2,
        last: [
          expect.objectContaining({ mtime: MTIME }),
          expect.objectContaining({ mtime: MTIME + 1 }),
        ],
      },
      lines: {
        count: 2,
        last: [
          { ...line, line: 2, mtime: MTIME },
          { ...line, line: 4, mtime: MTIME + 1 },
        ],
      },
      problems: [],
    },
  ]);
  expect(await world.snapshot()).toEqual(before);
});

test("explain for people shows each dataset that has the raw; --dataset picks one", async () => {
  await using world = await createWorld();
  await world.put("a.csv", gzipSync(rows(3)));
  await world.write("bronze/b.csv", rows(3), OTHER);
  await world.announce("a.csv", { dataset: OTHER });
  await world.pass();
  const all = await world.run(["explain", "raw/a.csv"]);
  expect(all.code).toBe(0);
  expect(all.stdout).toMatch(/^acme\/orders\/v1 {2}raw\/a\.csv\n {2}bronze +bronze\/a\.csv/);
  expect(all.stdout).toMatch(/^ {2}sample +samples\/a_sample\.csv.*: as recorded$/m);
  expect(all.stdout).toMatch(/^ {2}format +csv\.gz, recognised by content, 3 rows, complete$/m);
  expect(all.stdout).toMatch(/^ {2}warning +named a\.csv, but holds gz$/m);
  expect(all.stdout).toMatch(/^zeta\/other\/v2 {2}raw\/a\.csv$/m);
  expect(all.stdout).toMatch(/^ {2}state +failed .*FILE_MISSING: .*tries: 1; next: (2|now)/m);
  expect(all.stdout).toMatch(/^ {2}next line +due, .*the last try failed/m);
  const one = await world.run(["explain", "raw/a.csv", "--dataset", OTHER]);
  expect(one.stdout).toMatch(/^zeta/);
  expect(one.stdout).not.toMatch(/^acme/m);
});

test("a sample that is gone or another one, and one of an earlier version, are told", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.put("b.csv", rows(3));
  await world.put("c.csv", rows(3));
  await world.pass();
  await rm(world.path("samples/a_sample.csv"));
  await writeFile(world.path("samples/b_sample.csv"), "x");
  await rm(world.path("bronze/c.csv"));
  await world.announce("c.csv", { mtime: MTIME + 1 });
  await world.pass();
  const text = async (raw: string) => (await world.run(["explain", raw])).stdout;
  expect(await text("raw/a.csv")).toMatch(/sample +samples\/a_sample\.csv, \d+ B: missing$/m);
  expect(await text("raw/b.csv")).toMatch(/sample .*: 1 B on disk$/m);
  expect(await text("raw/c.csv")).toMatch(/sample .*: as recorded; of an earlier version$/m);
});

test("the last 20 receipts and lines of many, from sealed and rotated files too", async () => {
  await using world = await createWorld();
  const lineOf = (mtime: number) =>
    `${JSON.stringify({ raw: "raw/a.csv", bronze: "bronze/a.csv", mtime })}\n`;
  const receiptOf = (second: number) => {
    const at = `2026-01-18T14:30:${String(second).padStart(2, "0")}.000Z`;
    const receipt = { raw: "raw/a.csv", bronze: "b", mtime: second, outcome: "failed", at };
    return `${JSON.stringify(receipt)}\n`;
  };
  await world.put("a.csv", rows(3), { mtime: 59 });
  await world.pass();
  const all = Array.from({ length: 59 }, (_, i) => i);
  const [older, newer] = [all.slice(0, 30), all.slice(30)];
  await world.write("samples/_receipts.jsonl.1", older.map(receiptOf).join(""));
  await world.write("samples/_receipts.jsonl.2", newer.map(receiptOf).join(""));
  await world.write("manifests/processed.jsonl.1.gz", gzipSync(all.map(lineOf).join("")));
  const { stdout } = await world.run(["explain", "raw/a.csv", "--json"]);
  interface Shown {
    readonly [what: string]: {
      readonly count: number;
      readonly last: { readonly mtime: number }[];
    };
  }
  const [explained] = JSON.parse(stdout) as Shown[];
  const last = Array.from({ length: 20 }, (_, i) => 40 + i);
  for (const what of ["receipts", "lines"]) {
    expect(explained?.[what]?.count).toBe(60);
    expect(explained?.[what]?.last.map(({ mtime }) => mtime)).toEqual(last);
  }
  const people = await world.run(["explain", "raw/a.csv"]);
  expect(people.stdout).toMatch(/^ {2}receipts +60, the last 20:$/m);
  expect(people.stdout).toMatch(/manifests\/processed\.jsonl\.1\.gz:59 {2}mtime 58/);
});

test("manifests that cannot be read are told beside all the rest", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  await rm(world.path("manifests"), { recursive: true });
  const { code, stdout } = await world.run(["explain", "raw/a.csv"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^ {2}state +sampled/m);
  expect(stdout).toMatch(/^ {2}unread +ENOENT/m);
});

test("an unknown raw: exit code 2, and raws that may be meant", async () => {
  await using world = await createWorld();
  await world.put("2026/a.csv", rows(3));
  await world.put("2027/a.csv", rows(3));
  await world.put("2026/a_sample.csv", rows(3));
  await world.pass();
  const near = await world.run(["explain", "raw/a.csv"]);
  expect({ code: near.code, stdout: near.stdout }).toEqual({ code: 2, stdout: "" });
  expect(near.stderr).toBe(
    `staging-sampler: USAGE: no entry has the raw raw/a.csv; did you mean ${DATASET} raw/2026/a.csv, ${DATASET} raw/2027/a.csv?\n`,
  );
  const none = await world.run(["explain", "raw/b\u001b.csv", "--dataset", DATASET]);
  expect(none.code).toBe(2);
  expect(none.stderr).toMatch(
    /no entry has the raw raw\/b·\.csv in acme\/orders\/v1; `list` names/,
  );
});
