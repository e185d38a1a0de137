import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStaging } from "../../src/store/open.ts";
import { stagingStoreLaws } from "./store-laws.ts";

stagingStoreLaws("SQLite", openStaging);

test("a damaged staging.db is moved aside: all of it can be found again", async () => {
  const state = await mkdtemp(join(tmpdir(), "sampler-staging-store-"));
  await writeFile(join(state, "staging.db"), "no database, but long enough to be one".repeat(100));
  const store = openStaging(state);
  expect(await store.files.list()).toEqual([]);
  await store.close();
  const aside = (await readdir(state)).filter((name) => name.includes(".broken-"));
  expect(aside).toHaveLength(1);
  await rm(state, { recursive: true });
});

test("a state directory that cannot be written is told", () => {
  expect(() => openStaging("/dev/null/state")).toThrow(
    expect.objectContaining({ code: "CACHE_UNUSABLE" }),
  );
});
