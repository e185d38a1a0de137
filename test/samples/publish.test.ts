import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { makePlace } from "../../src/samples/directory.ts";
import { stage } from "../../src/samples/publish.ts";
import { sweep } from "../../src/samples/sweep.ts";
import { temporaryName } from "../../src/samples/temporary-name.ts";
import type { SampleStream } from "../../src/types.ts";
import { held } from "../helpers/held.ts";
import { createWorld } from "../helpers/world.ts";

async function* sampler(pieces: readonly string[], failure?: Error): SampleStream {
  for (const piece of pieces) yield Buffer.from(piece);
  if (failure !== undefined) throw failure;
  return { format: "csv", complete: true, warnings: [] };
}

test("a sample has its name only once it is committed, and then it is whole", async () => {
  await using world = await createWorld();
  const target = world.path("samples/deep/a_sample.csv");
  using samples = held(world.path("samples"));
  using place = makePlace(samples, "deep/a_sample.csv");
  const staged = await stage(place, sampler(["a,b\n", "", "1,2\n"]));
  const [temporary = "", ...others] = await readdir(world.path("samples/deep"));
  expect(others).toEqual([]);
  expect(temporary).toMatch(temporaryName);
  expect(staged).toMatchObject({ bytes: 8, summary: { format: "csv" } });
  await staged.commit();
  expect(await readdir(world.path("samples/deep"))).toEqual(["a_sample.csv"]);
  expect(await readFile(target, "utf8")).toBe("a,b\n1,2\n");
  expect((await stat(target)).mode & 0o777).toBe(0o640);
});

test("what is discarded, or fails half-way, leaves nothing, and what was there before stays", async () => {
  await using world = await createWorld();
  await world.write("samples/a_sample.csv", "before");
  const target = world.path("samples/a_sample.csv");
  using samples = held(world.path("samples"));
  using place = makePlace(samples, "a_sample.csv");
  const staged = await stage(place, sampler(["after"]));
  await staged.discard();
  await expect(stage(place, sampler(["half"], new Error("broken")))).rejects.toThrow("broken");
  expect(await readdir(world.path("samples"))).toEqual(["a_sample.csv"]);
  expect(await readFile(target, "utf8")).toBe("before");
});

test("a place that cannot be written is our failure, with a hint", async () => {
  await using world = await createWorld();
  await world.write("samples/sub", "a file");
  using samples = held(world.path("samples"));
  const refused = { code: "OUTPUT_UNWRITABLE", message: expect.stringMatching(/owner and mode/) };
  expect(() => makePlace(samples, "sub/a.csv")).toThrow(expect.objectContaining(refused));
});

test("sweeping removes temporary files, in directories below as well, and nothing else", async () => {
  await using world = await createWorld();
  await mkdir(world.path("samples/a/b"), { recursive: true });
  const gone = [".ss-0123456789abcdef.tmp", "a/b/.ss-ffffffffffffffff.tmp"];
  const kept = [
    "_receipts.jsonl",
    "a_sample.csv",
    ".ss-short.tmp",
    "x.ss-0123456789abcdef.tmp",
    "a/b/c_sample.csv",
  ];
  for (const name of [...gone, ...kept]) await writeFile(world.path(`samples/${name}`), "x");
  await mkdir(world.path("samples/.ss-aaaaaaaaaaaaaaaa.tmp"));
  using samples = held(world.path("samples"));
  expect(await sweep(samples)).toBe(2);
  expect(await sweep(samples)).toBe(0);
  expect(await world.samples()).toEqual(kept.filter((name) => !name.startsWith("_")).toSorted());
});
