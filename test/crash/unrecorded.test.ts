import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { createWorld, MTIME, type World } from "../helpers/world.ts";

const BINARY = Buffer.from("0102030405067f80", "hex");
const ZIP = join(import.meta.dirname, "../../fixtures/zip/by-yazl.zip");
const OTHER_ZIP = join(import.meta.dirname, "../../fixtures/zip/after-a-stub.zip");

/** As if the process was killed after the sample got its name, and before its receipt. */
async function publishOnly(world: World): Promise<void> {
  await world.pass({
    addReceipts: () => Promise.reject(new Failure("OUTPUT_FULL", "no space left")),
  });
  world.close();
}

test("a sample that was published but not recorded goes when the next version gets another name", async () => {
  await using world = await createWorld();
  await world.put("a.jsonl", '{"a":1}\n');
  await publishOnly(world);
  expect(await world.samples()).toEqual(["a_sample.jsonl"]);

  await world.put("a.jsonl", BINARY, { mtime: MTIME + 1 });
  await world.pass();
  expect(await world.samples()).toEqual(["a_sample.meta.json"]);
});

test("a sample that was published but not recorded goes when the next version fails", async () => {
  await using world = await createWorld();
  await world.put("a.zip", await readFile(ZIP));
  await publishOnly(world);
  expect(await world.samples()).toEqual(["a_sample.zip"]);

  await world.put("a.zip", "no zip", { mtime: MTIME + 1 });
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.zip": "FORMAT_INVALID" });
  expect(await world.samples()).toEqual([]);
});

test("a sample that was published but not recorded is not missed when the next version fails", async () => {
  await using world = await createWorld();
  await world.put("a.zip", await readFile(ZIP));
  await world.pass();
  await world.put("a.zip", await readFile(OTHER_ZIP), { mtime: MTIME + 1 });
  await publishOnly(world);
  await world.put("a.zip", "no zip", { mtime: MTIME + 2 });
  await world.pass();
  const { stdout } = await world.run(["audit", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject([{ counts: { failed: 1, missing: 0, orphan: 0 } }]);
});

test("a sample that only a lost cache knew of stays when its file fails", async () => {
  await using world = await createWorld();
  await world.put("a.zip", await readFile(ZIP));
  await world.pass();
  world.close();
  await rm(world.state, { recursive: true });
  await rm(world.path("samples/_receipts.jsonl"));
  await world.put("a.zip", "no zip", { mtime: MTIME + 1 });
  await world.pass();
  expect(await world.samples()).toEqual(["a_sample.zip"]);
});
