import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { beforeAll, expect, test } from "vitest";
import { createStager, type OpenMode, type Stager } from "../../src/staging/library.ts";
import { type ObjectServer, startObjectServer } from "../helpers/object-server.ts";

const large = randomBytes(3_000_000);
const sha256 = createHash("sha256").update(large).digest("hex");
let directory: string;
let server: ObjectServer;
let stager: Stager;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sampler-library-"));
  const config = join(directory, "config.yaml");
  await writeFile(config, JSON.stringify({ state: join(directory, "state") }));
  server = await startObjectServer({ large, small: "small", empty: "" });
  stager = await createStager({ config });
  return async () => {
    await stager.close();
    await server[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  };
});

test("a file is held by its size: small ones in memory, large ones mapped", async () => {
  const modeOf = async (name: string) => {
    await using file = await stager.open(server.url(name));
    return await file.mode();
  };
  expect(await modeOf("small")).toBe("memory");
  expect(await modeOf("large")).toBe("mapped");
});

test.each<OpenMode>(["memory", "mapped", "file"])(
  "read and seek give the same bytes in mode %s",
  async (mode) => {
    await using file = await stager.open(server.url("large"), { mode });
    expect(await file.size()).toBe(large.length);
    expect((await file.read(10)).equals(large.subarray(0, 10))).toBe(true);
    expect((await file.read(10)).equals(large.subarray(10, 20))).toBe(true);
    await file.seek(2_999_990);
    expect((await file.read(100)).equals(large.subarray(2_999_990))).toBe(true);
    expect((await file.read(100)).length).toBe(0);
    await file.seek(5_000_000);
    expect((await file.read(1)).length).toBe(0);
    await file.seek(2_000_000);
    expect((await buffer(await file.stream())).equals(large.subarray(2_000_000))).toBe(true);
    expect(Buffer.from(await file.bytes()).equals(large)).toBe(true);
    await expect(file.seek(-1)).rejects.toThrow(RangeError);
    await expect(file.read(Number.NaN)).rejects.toThrow(RangeError);
  },
);

test.each<OpenMode>(["memory", "mapped", "file"])(
  "an empty file is one like any other in mode %s",
  async (mode) => {
    await using file = await stager.open(server.url("empty"), { mode });
    expect((await file.read(5)).length).toBe(0);
    expect((await file.bytes()).length).toBe(0);
  },
);

test("two reads at once take two parts", async () => {
  await using file = await stager.open(server.url("large"));
  const parts = await Promise.all([file.read(1000), file.read(1000), file.read(1000)]);
  expect(Buffer.concat(parts).equals(large.subarray(0, 3000))).toBe(true);
});

test("a file that is read before it is staged is waited for", async () => {
  server.objects.set("slow", large);
  server.holdBackAfter(1000);
  await using file = await stager.open(server.url("slow"));
  expect(file.state).toBe("staging");
  const reading = file.read(5000);
  await server.heldBack();
  server.holdBackAfter(undefined);
  expect((await reading).equals(large.subarray(0, 5000))).toBe(true);
  expect(file.state).toBe("staged");
});

test("one that is not to be staged is opened where it is here, and else told", async () => {
  server.objects.set("other", Buffer.from("other"));
  const options = { stage: false };
  const opening = stager.open(server.url("other"), options);
  await expect(opening).rejects.toMatchObject({ code: "FILE_MISSING" });
  await stager.stage(server.url("other")).ready();
  const requests = server.requests.length;
  await using file = await stager.open(server.url("other"), options);
  expect((await file.read(5)).toString()).toBe("other");
  expect(server.requests).toHaveLength(requests);
});

test("a file of somebody else is never mapped, and may be cut while it is read", async () => {
  const path = join(directory, "local.bin");
  await writeFile(path, large);
  await using file = await stager.open(path);
  expect(await file.mode()).toBe("file");
  await truncate(path, 1000);
  await file.seek(500);
  expect((await file.read(1_000_000)).length).toBe(500);
  await using mapped = await stager.open(path, { mode: "mapped" });
  await expect(mapped.read(1)).rejects.toMatchObject({ code: "USAGE" });
});

test("what was closed is not read, also where the read was begun before", async () => {
  for (const mode of ["memory", "mapped", "file"] as const) {
    const file = await stager.open(server.url("large"), { mode });
    await file.ready();
    await file.read(1);
    const late = file.read(10).catch((error: unknown) => error);
    await file.close();
    await file.close();
    await late;
    await expect(file.read(1)).rejects.toMatchObject({ code: "USAGE" });
  }
});

test("bytes that were handed out stay after the file is closed", async () => {
  const file = await stager.open(server.url("large"), { mode: "mapped" });
  const bytes = await file.bytes();
  await file.close();
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(sha256);
});

test("10,000 times opened and closed, nothing is left open or mapped", async () => {
  const count = async () => (await readdir("/proc/self/fd")).length;
  const before = await count();
  for (let i = 0; i < 10_000; i += 100) {
    await Promise.all(
      Array.from({ length: 100 }, async () => {
        await using file = await stager.open(server.url("large"), { mode: "mapped", stage: false });
        await file.read(1);
      }),
    );
  }
  expect(await count()).toBeLessThan(before + 10);
  const maps = (await readFile("/proc/self/maps", "latin1")).split("\n");
  expect(maps.filter((line) => line.includes(sha256)).length).toBeLessThanOrEqual(1);
});

test("files are staged in the background, any number of them", async () => {
  const names = Array.from({ length: 50 }, (_, i) => `many-${i}`);
  for (const name of names) server.objects.set(name, Buffer.from(name));
  const files = stager.stageAll(names.map((name) => server.url(name)));
  expect(new Set(files.map(({ state }) => state))).toEqual(new Set(["staging"]));
  const staged = await Promise.all(files.map((file) => file.ready()));
  expect(staged.map(({ bytes }) => bytes)).toEqual(names.map(({ length }) => length));
});

test("a run is there while the work on it is, and goes however that ends", async () => {
  const manifest = { "a.txt": server.url("small") };
  const params = { in: "a.txt" };
  let seen = "";
  const length = await stager.run({ params, manifest }, async ({ directory, result }) => {
    seen = directory;
    expect(result.plugin_params).toEqual({ in: join(directory, "a.txt") });
    return (await readdir(directory)).length;
  });
  expect(length).toBe(3);
  await expect(readdir(seen)).rejects.toThrow("ENOENT");
  const failing = stager.run({ manifest }, async (run) => {
    seen = run.directory;
    throw new Error("of the work");
  });
  await expect(failing).rejects.toThrow("of the work");
  await expect(readdir(seen)).rejects.toThrow("ENOENT");
  const strict = stager.run({ manifest: { x: server.url("none") }, strict: true }, async () => 1);
  await expect(strict).rejects.toMatchObject({ code: "FILE_MISSING" });
});

test("files are staged for parameters, and cleaned up", async () => {
  const staged = await stager.stageFiles({ a: "x" }, { x: server.url("small") });
  expect(staged.params).toEqual({ a: join(staged.directory, "x") });
  await staged.cleanUp();
  await expect(readdir(staged.directory)).rejects.toThrow("ENOENT");
});
