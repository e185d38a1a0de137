import { readFile, stat, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { appendReceipts } from "../../src/samples/receipts.ts";
import { held } from "../helpers/held.ts";
import { createWorld, MTIME, rows } from "../helpers/world.ts";

test("a receipt has every documented field", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(200));
  await world.put("z.zip", "none");
  await world.pass();
  const receipts = await world.receipts();
  const [sampled, failed] = ["raw/a.csv", "raw/z.zip"].map((raw) =>
    receipts.find((each) => each["raw"] === raw),
  );
  expect(sampled).toEqual({
    raw: "raw/a.csv",
    bronze: "bronze/a.csv",
    mtime: MTIME,
    outcome: "sampled",
    sample: "samples/a_sample.csv",
    format: "csv",
    recognisedBy: "name",
    rows: 100,
    bytes: rows(100).length,
    complete: false,
    cut: "rows",
    readBytes: rows(200).length,
    sourceSize: rows(200).length,
    warnings: [],
    ms: expect.any(Number),
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    sampler: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
  expect(failed).toMatchObject({
    outcome: "failed",
    code: "FORMAT_INVALID",
    message: expect.any(String),
  });
});

test("receipts are written before the cache is: a crash between them repeats work and loses nothing", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  let inCache: string | null | undefined;
  await world.pass({
    async addReceipts(_dataset, receipts) {
      inCache = world.row("raw/a.csv")?.outcome;
      using samples = held(world.path("samples"));
      await appendReceipts(samples, receipts);
    },
  });
  expect(inCache).toBeNull();
  expect(world.row("raw/a.csv")?.outcome).toBe("sampled");
});

test("without a receipt nothing is settled, and the next pass does it again", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  const full = Object.assign(new Error("no space"), { code: "ENOSPC" });
  const { summary } = await world.pass({ addReceipts: () => Promise.reject(full) });
  expect(summary).toMatchObject({ sampled: 0, paused: 1 });
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: null, waiting: true });
  expect((await world.pass()).summary).toMatchObject({ sampled: 1, paused: 0 });
});

test("bad lines are in the receipts before the checkpoint moves past them", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.manifest("bad\n");
  await world.put("b.csv", rows(3));
  const refused = Object.assign(new Error("no space"), { code: "ENOSPC" });
  await expect(world.pass({ addReceipts: () => Promise.reject(refused) })).resolves.toMatchObject({
    summary: { rejected: 0, errors: 1 },
  });
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ rejected: 1, sampled: 2, lines: 2 });
  expect((await world.receipts()).filter(({ code }) => code === "LINE_INVALID")).toHaveLength(1);
});

test("a torn last receipt is removed before anything is appended", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  world.close();
  const path = world.path("samples/_receipts.jsonl");
  const whole = await readFile(path, "utf8");
  await writeFile(path, `${whole}{"raw":"raw/b.csv","bronze`);
  await world.put("b.csv", rows(3));
  await world.pass();
  const lines = (await readFile(path, "utf8")).split("\n");
  expect(`${lines[0]}\n`).toBe(whole);
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[1] as string)).toMatchObject({ raw: "raw/b.csv", outcome: "sampled" });
});

test("samples and receipts are for their owner and group only", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.run(["run", "--once"]);
  expect((await stat(world.path("samples/a_sample.csv"))).mode & 0o777).toBe(0o640);
  expect((await stat(world.path("samples"))).mode & 0o777).toBe(0o750);
  expect((await stat(world.path("samples/_receipts.jsonl"))).mode & 0o777).toBe(0o640);
});
