import { expect, test } from "vitest";
import { createWorld, MTIME } from "../helpers/world.ts";

const line = (name: string) =>
  JSON.stringify({ raw: `raw/${name}`, bronze: `bronze/${name}`, mtime: MTIME });

test("a last line without its line feed is left until it is whole", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "v\n1\n");
  await world.write("bronze/b.csv", "v\n2\n");
  const whole = line("b.csv");
  await world.manifest(whole.slice(0, 20));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  await world.manifest(whole.slice(20));
  expect((await world.pass()).outcomes).toEqual({});
  await world.manifest("\n");
  const { summary, outcomes } = await world.pass();
  expect(outcomes).toEqual({ "raw/b.csv": "sampled" });
  expect(summary).toMatchObject({ lines: 1, rejected: 0 });
});

test("half a line that the next one was glued to is rejected, and the next one taken", async () => {
  await using world = await createWorld();
  await world.write("bronze/b.csv", "v\n2\n");
  await world.write("bronze/c.csv", "v\n3\n");
  await world.manifest(`${line("a.csv").slice(0, 30)}${line("b.csv")}\n${line("c.csv")}\n`);
  const { outcomes, rejected } = await world.pass();
  expect(outcomes).toEqual({ "raw/b.csv": "sampled", "raw/c.csv": "sampled" });
  expect(rejected).toMatchObject([
    { line: 1, offset: 0, reason: expect.stringContaining("glued") },
  ]);
});

test("so is half a line that ends within a character", async () => {
  await using world = await createWorld();
  await world.write("bronze/b.csv", "v\n2\n");
  const half = Buffer.from('{"raw": "raw/größe').subarray(0, -3);
  const cut = Buffer.concat([
    half.subarray(0, half.indexOf(0xc3) + 1),
    Buffer.from(`${line("b.csv")}\n`),
  ]);
  await world.manifest(cut);
  const { outcomes, rejected } = await world.pass();
  expect(outcomes).toEqual({ "raw/b.csv": "sampled" });
  expect(rejected).toHaveLength(1);
});

test("a line that comes in pieces, a byte at a time, is taken once", async () => {
  await using world = await createWorld();
  await world.write("bronze/ü.csv", "v\n2\n");
  for (const byte of Buffer.from(`${line("ü.csv")}\n`)) {
    await world.manifest(Buffer.from([byte]));
    await world.pass();
  }
  expect(await world.receipts()).toMatchObject([{ raw: "raw/ü.csv", outcome: "sampled" }]);
});
