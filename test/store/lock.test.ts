import { mkdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { holderOf, takeLock } from "../../src/store/sqlite/lock.ts";
import { Failure } from "../../src/errors.ts";
import { createWorld } from "../helpers/world.ts";

test("a lock is held once, names its holder, and is free again after its release", async () => {
  await using world = await createWorld();
  expect(holderOf(world.state)).toBeUndefined();
  const lock = takeLock(world.state);
  expect(holderOf(world.state)).toEqual({
    pid: process.pid,
    host: hostname(),
    since: expect.any(String),
  });
  expect(() => takeLock(world.state)).toThrow(
    expect.objectContaining({
      code: "ALREADY_RUNNING",
      message: expect.stringContaining(`pid ${process.pid} on`),
    }),
  );
  await lock.release();
  expect(holderOf(world.state)).toBeUndefined();
  await takeLock(world.state).release();
});

test("a lock whose file was removed is still held, and its file comes back", async () => {
  await using world = await createWorld();
  const lock = takeLock(world.state);
  const path = join(world.state, "daemon.lock");
  expect(await lock.keep()).toBeUndefined();
  rmSync(path);
  expect(() => takeLock(world.state)).toThrow(expect.objectContaining({ code: "ALREADY_RUNNING" }));
  expect(await lock.keep()).toContain("daemon.lock was removed");
  expect(holderOf(world.state)).toMatchObject({ pid: process.pid });
  renameSync(path, `${path}.old`);
  writeFileSync(path, "");
  expect(await lock.keep()).toContain("daemon.lock was removed");
  expect(await lock.keep()).toBeUndefined();
  await lock.release();
  expect(holderOf(world.state)).toBeUndefined();
  await takeLock(world.state).release();
});

test("a lock whose file cannot be made again is held all the same", async () => {
  await using world = await createWorld();
  const lock = takeLock(world.state);
  const path = join(world.state, "daemon.lock");
  rmSync(path);
  mkdirSync(path);
  expect(await lock.keep()).toBeUndefined();
  expect(() => takeLock(world.state)).toThrow(Failure);
  rmdirSync(path);
  expect(await lock.keep()).toContain("daemon.lock was removed");
  await lock.release();
});

test("a lock that is damaged is said to be so, and nobody takes it for free", async () => {
  await using world = await createWorld();
  await takeLock(world.state).release();
  const path = join(world.state, "daemon.lock");
  const whole = readFileSync(path);
  const damaged = [
    Buffer.alloc(whole.length),
    Buffer.from("no database ".repeat(700)),
    whole.subarray(0, 4096),
  ];
  for (const bytes of damaged) {
    writeFileSync(path, bytes);
    expect(() => takeLock(world.state)).toThrow(
      expect.objectContaining({
        code: "CACHE_UNUSABLE",
        message: expect.stringMatching(/remove daemon\.lock/),
      }),
    );
    expect(readFileSync(path).equals(bytes)).toBe(true);
  }
});
