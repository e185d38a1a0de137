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
    shape: expect.stringMatching(/^[0-9a-f]{12}$/) as string,
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

test("a receipt says how records were chosen, where another way than head was asked for", async () => {
  await using world = await createWorld({
    sample: { strategy: "spread", parts: 4, rows: 8 },
    overrides: [{ datasets: "**", sample: { parts: 2 } }],
  });
  await world.put("a.csv", rows(2000));
  await world.put("a.json", `[${"1,".repeat(100)}1]`);
  await world.pass();
  const receipts = await world.receipts();
  const [spread, head] = ["raw/a.csv", "raw/a.json"].map((raw) =>
    receipts.find((each) => each["raw"] === raw),
  );
  const first = { at: rows(0).length, rows: 4 };
  const last = { at: rows(1996).length, rows: 4 };
  expect(spread).toMatchObject({ strategy: "spread", parts: [first, last], rows: 8, cut: "rows" });
  expect(spread).not.toHaveProperty("why");
  const lines = rows(2000).toString().split("\n");
  const kept = [...lines.slice(0, 5), ...lines.slice(1997)].join("\n");
  expect((await world.sample("a_sample.csv")).toString()).toBe(kept);
  expect(head).toMatchObject({ strategy: "head", why: expect.stringContaining("JSON"), rows: 8 });
  const [explained, shown] = await Promise.all(
    ["explain", "show"].map((command) => world.run([command, "raw/a.csv"])),
  );
  expect(explained?.stdout).toContain("spread over 2 places");
  expect(shown?.stdout).toContain("spread over 2 places");

  await world.configure({ sample: { strategy: "reservoir", rows: 8 } });
  await world.announce("a.csv", { mtime: MTIME + 1 });
  await world.pass();
  const drawn = (await world.receipts()).at(-1);
  expect(drawn).toMatchObject({ strategy: "reservoir", uniform: true, rows: 8, cut: "rows" });
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
