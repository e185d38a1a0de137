import { open } from "node:fs/promises";
import { expect, test } from "vitest";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import type { RejectedLine } from "../../src/manifest/types.ts";
import { createWorld, DATASET, MTIME } from "../helpers/world.ts";

const good = (name: string) =>
  `${JSON.stringify({ raw: `raw/${name}`, bronze: `bronze/${name}`, mtime: MTIME })}\n`;

const bad: Readonly<Record<string, string | Uint8Array>> = {
  "not JSON": "not json at all",
  "an array": '["raw/x", "bronze/x", 1]',
  "a string": '"raw/x"',
  null: "null",
  "no raw": '{"bronze": "bronze/x", "mtime": 1}',
  "no bronze": '{"raw": "raw/x", "mtime": 1}',
  "no mtime": '{"raw": "raw/x", "bronze": "bronze/x"}',
  "an empty raw": '{"raw": "", "bronze": "bronze/x", "mtime": 1}',
  "a number for bronze": '{"raw": "raw/x", "bronze": 1, "mtime": 1}',
  "text for mtime": '{"raw": "raw/x", "bronze": "bronze/x", "mtime": "1"}',
  NaN: '{"raw": "raw/x", "bronze": "bronze/x", "mtime": NaN}',
  "an infinite mtime": '{"raw": "raw/x", "bronze": "bronze/x", "mtime": 1e999}',
  milliseconds: '{"raw": "raw/x", "bronze": "bronze/x", "mtime": 1737200000000}',
  "NUL in a path": '{"raw": "raw/\\u0000x", "bronze": "bronze/x", "mtime": 1}',
  "NUL bytes": Buffer.alloc(300),
  "half a surrogate pair": '{"raw": "raw/\\ud800x", "bronze": "bronze/x", "mtime": 1}',
  "not UTF-8": Buffer.from('{"raw": "raw/\xff", "bronze": "bronze/x", "mtime": 1}', "latin1"),
  "too long": `{"raw": "${"x".repeat(1024 * 1024)}", "bronze": "bronze/x", "mtime": 1}`,
};

test.each(Object.entries(bad))(
  "%s is rejected, and the lines around it go on",
  async (_what, line) => {
    await using world = await createWorld();
    await world.put("before.csv", "v\n1\n");
    const offset = good("before.csv").length;
    await world.manifest(Buffer.concat([Buffer.from(line as string), Buffer.from("\n")]));
    await world.put("after.csv", "v\n2\n");
    const { summary, outcomes, rejected } = await world.pass();
    expect(outcomes).toEqual({ "raw/before.csv": "sampled", "raw/after.csv": "sampled" });
    expect(summary).toMatchObject({ lines: 2, rejected: 1, sampled: 2 });
    expect(rejected).toEqual([
      { path: "processed.jsonl", line: 2, offset, reason: expect.any(String) },
    ]);
    const receipts = await world.receipts();
    expect(receipts.filter(({ code }) => code === "LINE_INVALID")).toMatchObject([
      { outcome: "failed", raw: null, message: expect.stringContaining(`line 2, byte ${offset}`) },
    ]);
    const kept = world.db().prepare("SELECT path, line, offset, reason FROM rejected").all();
    expect(kept).toEqual(rejected);
    expect((await world.pass()).summary).toMatchObject({ lines: 0, rejected: 0 });
  },
);

test.each([1_048_500, 1_048_577, 3_000_000])(
  "%i NULs before a line are told, and cost neither the line nor the next ones",
  async (nuls) => {
    await using world = await createWorld();
    await world.manifest(Buffer.alloc(nuls));
    await world.put("a.csv", "v\n1\n");
    await world.put("b.csv", "v\n2\n");
    const { outcomes, rejected } = await world.pass();
    expect(outcomes).toEqual({ "raw/a.csv": "sampled", "raw/b.csv": "sampled" });
    expect(rejected).toMatchObject([{ line: 1, offset: 0 }]);
    await world.manifest("bad\n");
    expect((await world.pass()).rejected).toMatchObject([{ line: 3 }]);
  },
);

test("milliseconds are refused with the hint that they are", async () => {
  await using world = await createWorld();
  await world.manifest(`${bad["milliseconds"] as string}\n`);
  const { rejected } = await world.pass();
  expect(rejected[0]?.reason).toMatch(/milliseconds.*seconds since epoch/);
});

test("blank lines, a byte order mark, carriage returns and further fields are no reason to reject", async () => {
  await using world = await createWorld();
  for (const name of ["a", "b", "c"]) await world.write(`bronze/${name}.csv`, "v\n1\n");
  const more = good("c.csv").replace("}", ', "size": 12, "tags": {"raw": "no"}}');
  await world.manifest(
    `\ufeff${good("a.csv").replace("\n", "\r\n")}\r\n   \n\n${good("b.csv")}\t\n${more}`,
  );
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ lines: 3, rejected: 0, sampled: 3 });
});

test("a line of exactly 1 MiB is taken", async () => {
  await using world = await createWorld();
  await world.write("bronze/a.csv", "v\n1\n");
  const line = good("a.csv").trim().replace("}", ', "pad": "');
  await world.manifest(`${line}${"x".repeat(1024 * 1024 - line.length - 2)}"}\n`);
  expect((await world.pass()).summary).toMatchObject({ lines: 1, rejected: 0, sampled: 1 });
});

test("a bad last line is waited for, then rejected, and nothing is counted twice", async () => {
  await using world = await createWorld({ manifest: { settleMs: 2000 } });
  await world.put("a.csv", "v\n1\n");
  await world.manifest("\0\0\0\0\n");
  const rejected: RejectedLine[] = [];
  const onRejected = async (_dataset: string, lines: readonly RejectedLine[]) =>
    void rejected.push(...lines);
  const ingest = createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected,
  });

  expect(await ingest(DATASET, 10_000)).toMatchObject({
    lines: 1,
    rejected: 0,
    unsettledUntil: 12_000,
  });
  expect(await ingest(DATASET, 11_999)).toMatchObject({ lines: 0, rejected: 0 });
  expect(rejected).toEqual([]);
  expect(await ingest(DATASET, 12_000)).toMatchObject({ lines: 0, rejected: 1 });
  expect(await ingest(DATASET, 99_000)).toMatchObject({ lines: 0, rejected: 0 });
  expect(rejected).toMatchObject([{ line: 2, offset: good("a.csv").length }]);
});

test("a bad last line that becomes whole in time is taken", async () => {
  await using world = await createWorld({ manifest: { settleMs: 2000 } });
  await world.write("bronze/a.csv", "v\n1\n");
  const ingest = createIngest({
    store: world.store().ingest,
    settings: world.settings(),
    onRejected: () => Promise.reject(new Error("nothing is to be rejected")),
  });
  const line = good("a.csv");
  const manifest = world.path("manifests/processed.jsonl");
  // A file system that shows the new length before the bytes.
  await world.manifest(`${"\0".repeat(line.length - 1)}\n`);
  expect(await ingest(DATASET, 10_000)).toMatchObject({ lines: 0, unsettledUntil: 12_000 });
  const handle = await open(manifest, "r+");
  await handle.write(line, 0);
  await handle.close();
  expect(await ingest(DATASET, 11_000)).toMatchObject({ lines: 1, due: 1, rejected: 0 });
});
