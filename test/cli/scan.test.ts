import { mkdir, rename, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { command } from "../helpers/command.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

/** Writes a file of bronze that is older than a minute. */
async function old(world: World, path: string, dataset?: string): Promise<void> {
  await world.write(path, rows(3), dataset);
  await utimes(world.path(path, dataset), MTIME, MTIME);
}

test("files in bronze that no line names are listed, and nothing is written", async () => {
  await using world = await createWorld();
  for (const name of ["a.csv", "b.csv", "absolute.csv", "rotated.csv"])
    await old(world, `bronze/${name}`);
  await world.announce("rotated.csv");
  await rename(world.path("manifests/processed.jsonl"), world.path("manifests/processed.jsonl.1"));
  await world.announce("a.csv");
  await world.announce("absolute.csv", { bronze: world.path("bronze/absolute.csv") });
  await old(world, "bronze/2026/deep ü.csv");
  await old(world, "bronze/temp_x.csv");
  await old(world, "bronze/_tmp/y.csv");
  await old(world, "bronze/no-line.csv", "globex/never/v1");
  await world.write("bronze/young.csv", rows(3));
  await symlink("a.csv", world.path("bronze/link.csv"));
  const before = await world.snapshot();
  const found = await command(world, "scan");
  expect(found.code).toBe(0);
  expect(found.stdout.trimEnd().split("\n").toSorted()).toEqual([
    `${DATASET}\tbronze/2026/deep ü.csv`,
    `${DATASET}\tbronze/b.csv`,
    "globex/never/v1\tbronze/no-line.csv",
  ]);
  expect(found.stderr.trimEnd().split("\n").toSorted()).toEqual([
    "3 files without a line; --write appends one for each",
    "left out 1 file: it changed just now, and may not be complete",
    "left out 1 file: not a regular file",
  ]);
  expect(await world.snapshot()).toEqual(before);
  const all = await command(world, "scan", "--dataset", DATASET, "--min-age", "0", "--json");
  const names = (JSON.parse(all.stdout) as { bronze: string }[]).map(({ bronze }) => bronze);
  expect(names.toSorted()).toEqual(["bronze/2026/deep ü.csv", "bronze/b.csv", "bronze/young.csv"]);
});

test("with --write each gets a line, which is sampled, and a second scan finds nothing", async () => {
  await using world = await createWorld();
  await old(world, "bronze/a.csv");
  await old(world, "bronze/sub/b\nc.csv");
  await world.write("raw/a.csv", "x");
  await utimes(world.path("raw/a.csv"), 1_600_000_000, 1_600_000_000);
  const written = await command(world, "scan", "--write");
  expect(written).toMatchObject({ code: 0 });
  expect(written.stderr).toContain(`lake ${world.prefix}`);
  expect(written.stderr).toContain("appended a line for each of 2 files");
  expect(await world.pass()).toMatchObject({
    outcomes: { "raw/a.csv": "sampled", "raw/sub/b\nc.csv": "sampled" },
  });
  expect(world.row("raw/a.csv")).toMatchObject({ mtime: 1_600_000_000, bronze: "bronze/a.csv" });
  expect(world.row("raw/sub/b\nc.csv")).toMatchObject({ mtime: MTIME });
  const again = await command(world, "scan");
  expect(again).toMatchObject({ code: 0, stdout: "", stderr: "0 files without a line\n" });
});

test("a dataset that cannot be looked at is told, and holds up no other", async () => {
  await using world = await createWorld();
  await old(world, "bronze/a.csv");
  const other = join(world.prefix, "globex/broken/v1");
  await mkdir(join(other, "manifests/processed.jsonl"), { recursive: true });
  await writeFile(join(other, "bronze"), "a file");
  const found = await command(world, "scan");
  expect(found.code).toBe(3);
  expect(found.stdout).toBe(`${DATASET}\tbronze/a.csv\n`);
  expect(found.stderr).toContain("globex/broken/v1: ");
});
