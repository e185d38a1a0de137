import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { cachePath } from "../../src/store/sqlite/cache-files.ts";
import { closeCache, openCache, openCacheToRead } from "../../src/store/sqlite/open.ts";
import { createWorld } from "../helpers/world.ts";

test("a closed cache is one file, which readers open without writing anything", async () => {
  await using world = await createWorld();
  closeCache(openCache(world.state).db);
  const before = await world.snapshot(world.state);
  expect([...before.keys()]).toEqual(["cache.db"]);
  openCacheToRead(world.state).close();
  expect(await world.snapshot(world.state)).toEqual(before);
});

test("a cache that is read while it is closed stays usable", async () => {
  await using world = await createWorld();
  const { db } = openCache(world.state);
  const reader = openCacheToRead(world.state);
  reader.prepare("SELECT * FROM files").all();
  closeCache(db);
  expect(reader.prepare("SELECT count(*) AS n FROM files").get()).toEqual({ n: 0 });
  reader.close();
  closeCache(openCache(world.state).db);
});

test("reading where there is no cache makes none", async () => {
  await using world = await createWorld();
  expect(() => openCacheToRead(world.state)).toThrow(
    expect.objectContaining({ code: "CACHE_UNUSABLE" }),
  );
  expect(existsSync(world.state)).toBe(false);
});

test("reading a cache of another version names both", async () => {
  await using world = await createWorld();
  await mkdir(world.state, { recursive: true });
  const db = new Database(cachePath(world.state));
  db.pragma("user_version = 77");
  db.close();
  expect(() => openCacheToRead(world.state)).toThrow(
    expect.objectContaining({ message: expect.stringMatching(/version 77/) }),
  );
});

test("reading a broken cache is an error with a code", async () => {
  await using world = await createWorld();
  await mkdir(world.state, { recursive: true });
  await writeFile(cachePath(world.state), "not a database ".repeat(1000));
  expect(() => openCacheToRead(world.state)).toThrow(
    expect.objectContaining({ code: "CACHE_UNUSABLE" }),
  );
});
