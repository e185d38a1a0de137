import { open, readdir, readFile, truncate } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { HeldDirectory } from "../../src/lake/held-directory.ts";
import {
  appendReceipts,
  mendReceipts,
  type Receipt,
  readReceipts,
} from "../../src/samples/receipts.ts";
import { held } from "../helpers/held.ts";
import { createWorld } from "../helpers/world.ts";

const receipt = (raw: string): Receipt => ({ raw, bronze: "b", mtime: 1, outcome: "sampled" });

async function all(samples: HeldDirectory): Promise<(string | null)[]> {
  const raws: (string | null)[] = [];
  for await (const page of readReceipts(samples)) raws.push(...page.map(({ raw }) => raw));
  return raws;
}

test("receipts come back as they were written, in order", async () => {
  await using world = await createWorld();
  using samples = held(world.path("samples"));
  expect(await all(samples)).toEqual([]);
  await appendReceipts(samples, [receipt("a"), receipt("caf\udce9\n")]);
  await appendReceipts(samples, [receipt("c")]);
  expect(await all(samples)).toEqual(["a", "caf\udce9\n", "c"]);
});

test("a file over 1 GiB is sealed, and sealed ones are read before", async () => {
  await using world = await createWorld();
  using samples = held(world.path("samples"));
  await appendReceipts(samples, [receipt("a")]);
  // A sparse file: as large as it has to be, without a GiB being written.
  const handle = await open(`${samples.path}/_receipts.jsonl`, "r+");
  await handle.truncate(1024 ** 3);
  await handle.write("\n", 1024 ** 3);
  await handle.close();
  await appendReceipts(samples, [receipt("b")]);
  await appendReceipts(samples, [receipt("c")]);
  expect((await readdir(samples.path)).toSorted()).toEqual([
    "_receipts.jsonl",
    "_receipts.jsonl.1",
  ]);
  expect(await readFile(`${samples.path}/_receipts.jsonl`, "utf8")).toBe(
    `${JSON.stringify(receipt("c"))}\n`,
  );
  await truncate(`${samples.path}/_receipts.jsonl.1`, 0);
  await appendReceipts(samples, [receipt("d")]);
  expect(await all(samples)).toEqual(["c", "d"]);
});

test("wherever the last line is torn, healing keeps all whole ones before it", async () => {
  await using world = await createWorld();
  using samples = held(world.path("samples"));
  const raws = Array.from({ length: 40 }, (_, i) => `${i}${"x".repeat(i * 97)}`);
  await appendReceipts(samples, raws.map(receipt));
  const whole = await readFile(`${samples.path}/_receipts.jsonl`);
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length), async (length) => {
      await world.write("samples/_receipts.jsonl", whole.subarray(0, length));
      await mendReceipts(samples);
      const healed = await readFile(`${samples.path}/_receipts.jsonl`);
      const end = whole.subarray(0, length).lastIndexOf(0x0a) + 1;
      expect(healed.equals(whole.subarray(0, end))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a torn line longer than one look is healed as well", async () => {
  await using world = await createWorld();
  await world.write("samples/_receipts.jsonl", `{"raw":"a"}\n{"raw":"${"x".repeat(200_000)}`);
  using samples = held(world.path("samples"));
  await mendReceipts(samples);
  expect(await readFile(world.path("samples/_receipts.jsonl"), "utf8")).toBe('{"raw":"a"}\n');
});

test("blocks of zeros, at the end or in the middle, cost no receipt that is whole", async () => {
  await using world = await createWorld();
  using samples = held(world.path("samples"));
  const line = (raw: string) => `${JSON.stringify(receipt(raw))}\n`;
  const zeros = "\0".repeat(70_000);
  const torn = line("torn").slice(0, 20);
  const middle = [line("a"), torn, zeros, line("b"), line("c"), zeros, '":1}\n', line("d")].join(
    "",
  );
  await world.write("samples/_receipts.jsonl", middle + torn + zeros);
  await mendReceipts(samples);
  expect(await readFile(`${samples.path}/_receipts.jsonl`, "utf8")).toBe(middle);
  await appendReceipts(samples, [receipt("e")]);
  expect(await all(samples)).toEqual(["a", "b", "c", "d", "e"]);
  await world.write("samples/_receipts.jsonl", zeros);
  await mendReceipts(samples);
  await appendReceipts(samples, [receipt("f")]);
  expect(await all(samples)).toEqual(["f"]);
});
