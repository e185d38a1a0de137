import { appendFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { HEAD_BYTES } from "../../src/lib/source.ts";
import { openLocalFile } from "../../src/lake/local-file.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

function open(world: World, readBytes = 1_000_000, signal = new AbortController().signal) {
  return openLocalFile(world.path("bronze/a.csv"), {
    roots: [world.prefix],
    name: "a.csv",
    readBytes,
    signal,
    memory: Buffer.alloc(HEAD_BYTES),
  });
}

const changes: Readonly<Record<string, (path: string) => Promise<void>>> = {
  grew: (path) => appendFile(path, "x"),
  "was written over with as many bytes, its time put back": async (path) => {
    await writeFile(path, rows(100).replaceAll("r", "s"));
    await utimes(path, 1, 1);
  },
  "was replaced by a copy": async (path) => {
    await writeFile(`${path}.new`, rows(100));
    await rename(`${path}.new`, path);
  },
  "is gone": (path) => rm(path),
};

test.each(Object.entries(changes))(
  "a file that %s is not the one that was opened",
  async (_what, change) => {
    await using world = await createWorld();
    await world.write("bronze/a.csv", rows(100));
    await utimes(world.path("bronze/a.csv"), 1, 1);
    const file = open(world);
    try {
      expect(file.isUnchanged()).toBe(true);
      await change(world.path("bronze/a.csv"));
      expect(file.isUnchanged()).toBe(false);
    } finally {
      file.close();
    }
  },
);

test("not a byte is read beyond the budget", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", rows(100_000));
  const file = open(world, 400_000);
  const read = async () => {
    for await (const chunk of file.stream()) void chunk;
  };
  await expect(read()).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  expect(file.readBytes()).toBeLessThanOrEqual(400_000);
  file.close();
});

test("once the signal is aborted nothing is read", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", rows(10));
  const controller = new AbortController();
  const file = open(world, 1000, controller.signal);
  controller.abort(new Error("enough"));
  expect(() => file.head()).toThrow("enough");
  file.close();
});
