import { appendFile, mkdir, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { activeFileBelow } from "../../src/manifest/files.ts";
import { unmovedBelow } from "../../src/manifest/unmoved.ts";
import { createWorld, DATASET, rows, type World } from "../helpers/world.ts";

const HOUR_MS = 3_600_000;

async function noted(world: World): Promise<ReturnType<typeof unmovedBelow>> {
  await world.manifest("one\n");
  const unmoved = unmovedBelow(world.prefix);
  unmoved.note(DATASET, await activeFileBelow(world.path("manifests")), Date.now() + HOUR_MS);
  return unmoved;
}

test("a manifest that was left alone is unmoved", async () => {
  await using world = await createWorld();
  const unmoved = await noted(world);
  expect([...(await unmoved.of([DATASET, "never/seen/v1"]))]).toEqual([DATASET]);
  unmoved.forget();
  expect([...(await unmoved.of([DATASET]))]).toEqual([]);
});

test("a manifest whose last change is too young to be told from a next one is not noted", async () => {
  await using world = await createWorld();
  await world.manifest("one\n");
  const unmoved = unmovedBelow(world.prefix);
  const file = await activeFileBelow(world.path("manifests"));
  unmoved.note(DATASET, file, (file?.ctimeMs ?? 0) + 1999);
  expect([...(await unmoved.of([DATASET]))]).toEqual([]);
});

const changes: Readonly<Record<string, (path: string) => Promise<void>>> = {
  grows: (path) => appendFile(path, "two\n"),
  "is written over with as many bytes": (path) => writeFile(path, "ONE\n"),
  "is cut and grows to its size again": async (path) => {
    await truncate(path, 0);
    await appendFile(path, "six\n");
  },
  "is replaced by another file of its size": async (path) => {
    await writeFile(`${path}.new`, "six\n");
    await rename(`${path}.new`, path);
  },
  "is gone": (path) => rm(path),
  "became a directory": async (path) => {
    await rm(path);
    await mkdir(path);
  },
};

test.each(Object.entries(changes))("a manifest that %s is not unmoved", async (_what, change) => {
  await using world = await createWorld();
  const unmoved = await noted(world);
  await change(join(world.path("manifests"), "processed.jsonl"));
  expect([...(await unmoved.of([DATASET]))]).toEqual([]);
});

test("a manifest that was left alone is looked into again once another process changed the cache", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(2));
  await world.pass();
  const { ctimeMs } = await stat(world.path("manifests/processed.jsonl"));
  // Until then its last change is too young for it to be left alone.
  await setTimeout(ctimeMs + 2100 - Date.now());
  await world.pass();
  world.db().exec("DELETE FROM files; DELETE FROM checkpoints");
  expect((await world.pass()).summary.lines).toBe(0);
  const other = new Database(cachePath(world.settings().state));
  other.exec("INSERT INTO facts VALUES ('any', 'one')");
  other.close();
  expect((await world.pass()).summary.lines).toBe(1);
});
