import { rename, rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { failedEntries, rejectedLines } from "../../src/store/sqlite/queries/failures.ts";
import { statusOf } from "../../src/inspect/status.ts";
import { command } from "../helpers/command.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";
const everything = { hasDataset: () => true, hasRaw: () => true };

/** One sample, one broken file, one that is still waited for, one bad line. */
async function fill(world: World): Promise<void> {
  await world.put("a.csv", rows(3));
  await world.put("2026/broken.zip", "no zip");
  await world.announce("gone.csv");
  await world.manifest("no entry\n");
  await world.pass();
}

/** Gives the missing file, so that only what is hopeless is left. */
async function bringGone(world: World): Promise<void> {
  await world.write("bronze/gone.csv", rows(3));
  await command(world, "retry", "--code", "FILE_MISSING");
  await world.pass();
}

async function codesOf(world: World): Promise<{ check: number; audit: number }> {
  const [check, audit] = [await command(world, "check"), await command(world, "audit")];
  return { check: check.code, audit: audit.code };
}

test("what is acknowledged stays listed as such, and check and audit pass", async () => {
  await using world = await createWorld();
  await fill(world);
  await bringGone(world);
  expect(await codesOf(world)).toEqual({ check: 3, audit: 3 });
  const done = await command(world, "acknowledge");
  expect(done).toMatchObject({ code: 0, stdout: `${DATASET}: 1 entry, 1 line acknowledged\n` });
  expect(done.stderr).toBe(`lake ${world.prefix}, cache ${world.state}\n`);
  expect(await codesOf(world)).toEqual({ check: 0, audit: 0 });
  expect((await command(world, "check")).stdout).toContain("\nacknowledged bad lines: 1\n");
  const list = await command(world, "list", "--outcome", "failed");
  expect(list.stdout).toMatch(/^failed\t.*broken.zip\tFORMAT_INVALID.*\(acknowledged\)\n$/);
  const failures = (await command(world, "failures")).stdout.split("\n");
  expect(failures).toEqual([
    expect.stringMatching(/broken.zip.*\(acknowledged; 1 try since /),
    expect.stringMatching(/LINE_INVALID.*\(acknowledged; \d/),
    "",
  ]);
  const audit = JSON.parse((await command(world, "audit", "--json")).stdout) as unknown[];
  expect(audit).toMatchObject([{ counts: { ok: 2, failed: 0, acknowledged: 1 } }]);
  expect((await command(world, "explain", "raw/2026/broken.zip")).stdout).toMatch(
    /next: never.*; acknowledged\)/,
  );
});

test("status counts what is acknowledged apart, and finds nothing wrong with it", async () => {
  await using world = await createWorld();
  await fill(world);
  await bringGone(world);
  await command(world, "acknowledge");
  const report = await statusOf(world.store(), world.settings(), Date.now());
  expect(report.totals).toMatchObject({ failed: 1, acknowledged: 1 });
  expect(report.totals).toMatchObject({ rejected: 1, acknowledgedLines: 1 });
  expect(report.failures).toMatchObject([{ code: "FORMAT_INVALID", entries: 1, acknowledged: 1 }]);
  const { stdout } = await command(world, "status");
  expect(stdout).toContain("nothing is due; 1 failed (1 acknowledged)\n");
});

test("what is still tried again is not acknowledged", async () => {
  await using world = await createWorld();
  await fill(world);
  const { stdout } = await command(world, "acknowledge", "raw/gone.csv");
  expect(stdout).toBe(
    "nothing that matches is to be acknowledged; what is still tried again cannot be acknowledged\n",
  );
  expect(world.row("raw/gone.csv")).toMatchObject({ outcome: "failed", acknowledged: false });
});

test.each([
  [["--lines"], { entries: 0, lines: 1 }],
  [["--code", "LINE_INVALID"], { entries: 0, lines: 1 }],
  [["--code", "FORMAT_INVALID"], { entries: 1, lines: 0 }],
  [["--code", "TIMEOUT"], { entries: 0, lines: 0 }],
  [["raw/2026/**"], { entries: 1, lines: 0 }],
  [["--dataset", "zeta/**"], { entries: 0, lines: 0 }],
  [["--dataset", "acme/**"], { entries: 1, lines: 1 }],
])("acknowledge %j means %j, and --undo takes it back", async (args, expected) => {
  await using world = await createWorld();
  await fill(world);
  const done = await command(world, "acknowledge", "--json", ...args);
  expect(JSON.parse(done.stdout)).toMatchObject({ ...expected, undone: false });
  const again = await command(world, "acknowledge", "--json", ...args);
  expect(JSON.parse(again.stdout)).toMatchObject({ entries: 0, lines: 0, datasets: [] });
  const undone = await command(world, "acknowledge", "--undo", "--json", ...args);
  expect(JSON.parse(undone.stdout)).toMatchObject({ ...expected, undone: true });
  const left = [...failedEntries(world.db(), everything), ...rejectedLines(world.db(), everything)];
  expect(left.filter(({ acknowledged }) => acknowledged)).toEqual([]);
});

test("--lines with a glob or a code is a usage error", async () => {
  await using world = await createWorld();
  expect(await command(world, "acknowledge", "raw/a", "--lines")).toMatchObject({ code: 2 });
});

test.each([
  ["a new line", (world: World) => world.announce("2026/broken.zip", { mtime: MTIME + 1 })],
  ["a line with the same mtime", (world: World) => world.announce("2026/broken.zip")],
  ["a retry", (world: World) => command(world, "retry", "--code", "FORMAT_INVALID")],
])("%s has a failure count as trouble again", async (_what, again) => {
  await using world = await createWorld();
  await fill(world);
  await command(world, "acknowledge");
  expect(world.row("raw/2026/broken.zip")).toMatchObject({ acknowledged: true });
  await again(world);
  await world.pass();
  expect(world.row("raw/2026/broken.zip")).toMatchObject({ acknowledged: false, waiting: false });
  expect(await codesOf(world)).toMatchObject({ audit: 3 });
});

test("a bad line stays acknowledged when its manifest is renamed and read again", async () => {
  await using world = await createWorld();
  await fill(world);
  await command(world, "acknowledge", "--lines");
  const active = world.path("manifests/processed.jsonl");
  await rename(active, `${active}.1`);
  // The same bad line, at the same place of the next file, is another one.
  await world.announce("a.csv");
  await world.announce("2026/broken.zip");
  await world.announce("gone.csv");
  await world.manifest("no entry\n");
  world.db().exec("DELETE FROM checkpoints");
  expect((await world.pass()).ingested).toMatchObject({ reread: "no checkpoint", rejected: 2 });
  const lines = [...rejectedLines(world.db(), everything)];
  expect(lines.map(({ path, acknowledged }) => [path, acknowledged])).toEqual([
    ["processed.jsonl.1", true],
    ["processed.jsonl", false],
  ]);
  expect(await codesOf(world)).toMatchObject({ check: 3 });
  const problems = JSON.parse((await command(world, "check", "--json")).stdout) as object;
  expect(problems).toMatchObject({ acknowledged: 1, problems: [{ path: expect.any(String) }] });
  await rm(`${active}.1`);
  world.db().exec("DELETE FROM checkpoints");
  await world.pass();
  const left = world.db().prepare("SELECT count(*) FROM acknowledged_lines").pluck().get();
  expect(left).toBe(0);
});

test("beside a running daemon it takes effect at once", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await fill(world);
  const daemon = await world.daemon();
  await daemon.logged("pass");
  expect(await world.run(["acknowledge"])).toMatchObject({ code: 0 });
  expect(await world.run(["check"])).toMatchObject({ code: 0 });
  await daemon.end();
});

test("more than one transaction takes are all acknowledged", async () => {
  await using world = await createWorld();
  const lines = Array.from({ length: 1500 }, (_, i) => [
    JSON.stringify({ raw: `${i}.csv`, bronze: "/etc/passwd", mtime: 1 }),
    "no entry",
  ]);
  await world.manifest(`${lines.flat().join("\n")}\n`);
  await world.pass();
  const { stdout } = await command(world, "acknowledge");
  expect(stdout).toBe(`${DATASET}: 1500 entries, 1500 lines acknowledged\n`);
});
