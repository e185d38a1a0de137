import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPlaceStored } from "../../src/staging/place.ts";

const placeStored = createPlaceStored();

test("a stored file is placed while others store the same bytes again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-place-"));
  const stored = join(directory, "stored");
  await writeFile(stored, "same");
  await mkdir(join(directory, "run"));
  const done = new AbortController();
  const again = async (part: string) => {
    while (!done.signal.aborted) {
      await writeFile(part, "same");
      await rename(part, stored);
    }
  };
  const place = async (name: string) => {
    for (let i = 0; i < 1000; i += 1)
      await placeStored(stored, join(directory, "run", `${name}-${i}`), { writable: false });
  };
  const storing = ["p", "q"].map((part) => again(join(directory, part)));
  await Promise.all([place("a"), place("b")]).finally(() => done.abort());
  await Promise.all(storing);
  expect(await readFile(join(directory, "run", "a-0"), "utf8")).toBe("same");
  await rm(directory, { recursive: true });
});

test("one that is not stored, and a place that is not there, are told", async () => {
  const directory = await mkdtemp(join(tmpdir(), "sampler-place-"));
  const stored = join(directory, "stored");
  const missing = placeStored(stored, join(directory, "a"), { writable: false });
  await expect(missing).rejects.toMatchObject({ code: "ENOENT" });
  await writeFile(stored, "x");
  const nowhere = placeStored(stored, join(directory, "none/a"), { writable: false });
  await expect(nowhere).rejects.toMatchObject({ code: "ENOENT" });
  await rm(directory, { recursive: true });
});
