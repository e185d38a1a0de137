import { expect, test } from "vitest";
import { createWorld, rows, type World } from "../helpers/world.ts";

const OTHER = "zeta/other/v2";

/** Two datasets: a dead letter, two that wait, what went well, and a line that is no entry. */
async function fill(world: World): Promise<void> {
  await world.put("2026/a.csv", rows(3));
  await world.put("2026/broken.zip", "no zip");
  await world.announce("gone.csv");
  await world.announce("gone.csv", { dataset: OTHER });
  await world.put("a.csv", rows(3), { dataset: OTHER });
  await world.manifest("no entry\n", OTHER);
  await world.pass();
  world.close();
}

test("failures --json: entries, dead or waiting, and rejected lines", async () => {
  await using world = await createWorld();
  await fill(world);
  const before = await world.snapshot();
  const { code, stdout, stderr } = await world.run(["failures", "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  const missing = {
    kind: "entry",
    dataset: "acme/orders/v1",
    raw: "raw/gone.csv",
    code: "FILE_MISSING",
    message: expect.stringMatching(/./),
    attempts: 1,
    failedAt: time,
    nextAt: time,
    acknowledged: false,
  };
  const broken = { raw: "raw/2026/broken.zip", code: "FORMAT_INVALID", nextAt: null };
  expect(JSON.parse(stdout)).toEqual([
    { ...missing, ...broken },
    missing,
    { ...missing, dataset: OTHER },
    {
      kind: "line",
      dataset: OTHER,
      path: "processed.jsonl",
      line: 3,
      offset: expect.any(Number),
      reason: expect.stringMatching(/^not JSON/),
      at: time,
      acknowledged: false,
    },
  ]);
  expect(await world.snapshot()).toEqual(before);
});

test("failures for people: one line each, with the next try, and safe for a terminal", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.announce("odd\u001b[31m.csv");
  await world.pass();
  const { stdout } = await world.run(["failures"]);
  const lines = stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatch(
    /^acme\/orders\/v1 {2}raw\/2026\/broken\.zip {2}FORMAT_INVALID: .*\(1 try since 2.*Z; next: never, until a new line, a new version of this program or `retry`\)$/,
  );
  expect(lines[1]).toMatch(/raw\/gone\.csv {2}FILE_MISSING: .*; next: (2.*Z|now; .*)\)$/);
  expect(lines[2]).toMatch(/raw\/odd·\[31m\.csv/);
  expect(lines[4]).toMatch(
    /^zeta\/other\/v2 {2}manifests\/processed\.jsonl line 3, byte \d+: LINE_INVALID: not JSON.*Z\)$/,
  );
});

test.each([
  [["--dataset", "acme/**"], 2, 0],
  [["--dataset", "zeta/*/*"], 1, 1],
  [["--code", "FILE_MISSING"], 2, 0],
  [["--code", "LINE_INVALID"], 0, 1],
  [["--code", "TIMEOUT"], 0, 0],
  [["raw/2026/**"], 1, 0],
  [["**/*.csv", "--dataset", "acme/**"], 1, 0],
  [["**/*.csv", "--code", "LINE_INVALID"], 0, 0],
])("failures %j shows %d entries and %d lines", async (args, entries, lines) => {
  await using world = await createWorld();
  await fill(world);
  const { code, stdout } = await world.run(["failures", "--json", ...args]);
  expect(code).toBe(0);
  const kinds = (JSON.parse(stdout) as { kind: string }[]).map(({ kind }) => kind);
  expect(kinds).toEqual([
    ...Array.from({ length: entries }, () => "entry"),
    ...Array.from({ length: lines }, () => "line"),
  ]);
});

test("more failures than are read at once are all there, once each and in order", async () => {
  await using world = await createWorld();
  const names = Array.from({ length: 2500 }, (_, i) => `${String(i).padStart(4, "0")}.csv`);
  const lines = names.map((name) => JSON.stringify({ raw: name, bronze: "bronze/no", mtime: 1 }));
  await world.manifest(`${lines.join("\n")}\n${"rejected\n".repeat(1200)}`);
  await world.pass();
  const { stdout } = await world.run(["failures", "--json"]);
  const found = JSON.parse(stdout) as { raw?: string; line?: number }[];
  expect(found.flatMap(({ raw }) => raw ?? [])).toEqual(names);
  expect(found.flatMap(({ line }) => line ?? [])).toEqual(
    Array.from({ length: 1200 }, (_, i) => 2501 + i),
  );
});

test("an unknown code is a usage error; no cache is said", async () => {
  await using world = await createWorld();
  const unknown = await world.run(["failures", "--code", "LOST"]);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toMatch(/Allowed choices are FILE_MISSING/);
  const none = await world.run(["failures"]);
  expect(none.code).toBe(1);
  expect(none.stderr).toMatch(/CACHE_UNUSABLE: no cache at/);
});
