import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { makePlace } from "../../src/samples/directory.ts";
import { stage } from "../../src/samples/publish.ts";
import { removeTemporaryFiles } from "../../src/samples/clean-up.ts";
import {
  isOfThisHost,
  nextTemporaryName,
  temporaryName,
} from "../../src/samples/temporary-name.ts";
import type { SampleStream } from "../../src/formats/types.ts";
import { held } from "../helpers/held.ts";
import { createWorld } from "../helpers/world.ts";

const nothingLeft = () => expect.unreachable("a temporary file is left");

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
  const staged = await stage(place, sampler(["a,b\n", "", "1,2\n"]), nothingLeft);
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
  const staged = await stage(place, sampler(["after"]), nothingLeft);
  await staged.discard();
  await expect(stage(place, sampler(["half"], new Error("broken")), nothingLeft)).rejects.toThrow(
    "broken",
  );
  expect(await readdir(world.path("samples"))).toEqual(["a_sample.csv"]);
  expect(await readFile(target, "utf8")).toBe("before");
});

test("a directory that cannot be made, since a file has its name, refuses that name", async () => {
  await using world = await createWorld();
  await world.write("samples/sub", "a file");
  using samples = held(world.path("samples"));
  const refused = { code: "PATH_REFUSED", message: expect.stringMatching(/refuses this name/) };
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
  expect(await removeTemporaryFiles(samples)).toBe(2);
  expect(await removeTemporaryFiles(samples)).toBe(0);
  expect(await world.samples()).toEqual(kept.filter((name) => !name.startsWith("_")).toSorted());
});

test("on a shared file system young temporary files of other hosts stay", async () => {
  await using world = await createWorld();
  using samples = held(world.path("samples"));
  const [ours, young, old] = [nextTemporaryName(), otherHosts("a"), otherHosts("b")];
  for (const name of [ours, young, old]) await writeFile(world.path(`samples/${name}`), "x");
  const days = Date.now() / 1000 - 2 * 86_400;
  await utimes(world.path(`samples/${old}`), days, days);
  expect(await removeTemporaryFiles(samples, true)).toBe(2);
  expect(await world.samples()).toEqual([young]);
  expect(await removeTemporaryFiles(samples, false)).toBe(1);
});

/** A temporary name that begins with another host's digits. */
function otherHosts(end: string): string {
  const host = isOfThisHost(".ss-0000") ? "1111" : "0000";
  return `.ss-${host}${end.repeat(12)}.tmp`;
}
