import { hostname } from "node:os";
import { expect, test } from "vitest";
import { holderOf, takeLock } from "../../src/cache/lock.ts";
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
  lock.release();
  expect(holderOf(world.state)).toBeUndefined();
  takeLock(world.state).release();
});
