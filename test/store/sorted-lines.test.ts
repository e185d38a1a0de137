import fc from "fast-check";
import { expect, test } from "vitest";
import { scatteredOf } from "../../src/store/sqlite/scattered.ts";
import { sortedLinesOf } from "../../src/store/sqlite/sorted-lines.ts";
import { acceptOf } from "../../src/store/sqlite/accept.ts";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { pathBytes } from "../../src/lib/pep383.ts";
import type { Entry } from "../../src/manifest/types.ts";
import { namedAs } from "../helpers/named.ts";
import { allOf } from "../helpers/all-of.ts";
import { createWorld, DATASET } from "../helpers/world.ts";

const numbered = (i: number): string => `raw/${String(i).padStart(6, "0")}.csv`;
const entry = (raw: string, mtime = 1): Entry => ({ raw, bronze: `of/${raw}`, mtime });
const bytesOf = ({ raw }: Entry): Buffer => Buffer.from(pathBytes(raw));

test("many lines come back in the order of raws, the last one of each, however they came", async () => {
  await using world = await createWorld();
  const raws = fc.oneof(fc.nat(9000).map(numbered), fc.string({ unit: "binary", minLength: 1 }));
  const batch = fc.array(raws, { minLength: 1, maxLength: 50 });
  const way = fc.tuple(fc.array(batch, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1 }));
  await fc.assert(
    fc.asyncProperty(way, async ([given, step]) => {
      const lines = sortedLinesOf(world.db(), 1);
      const last = new Map<string, number>();
      const take = async (some: readonly string[]) => {
        const entries = some.map((raw, i) => entry(raw, last.size + i));
        await lines.add(entries);
        for (const { raw, mtime } of entries) last.set(raw, mtime);
      };
      // More than two runs, each with raws that others have as well.
      for (let i = 0; i < 20; i += 1) {
        await take(
          Array.from({ length: 2000 }, (_, k) => numbered(((i * 2000 + k) * step) % 30_011)),
        );
        await take(given[i % given.length] as string[]);
      }
      const pages = await allOf(lines.pages());
      expect(pages.length).toBeGreaterThan(2);
      const all = pages.flat();
      expect(new Map(all.map(({ raw, mtime }) => [raw, mtime]))).toEqual(last);
      expect(all).toHaveLength(last.size);
      // Texts come before what is no UTF-8.
      const texts = all.filter(({ raw }) => raw.isWellFormed()).map(bytesOf);
      expect(texts).toEqual(texts.toSorted(Buffer.compare));
      await lines.end();
    }),
    { numRuns: 5 },
  );
}, 60_000);

test("a few lines come back in their own order", async () => {
  await using world = await createWorld();
  const lines = sortedLinesOf(world.db(), 1);
  await lines.add([entry("c"), entry("a"), entry("b")]);
  await lines.add([entry("c", 2)]);
  expect(await allOf(lines.pages())).toEqual([[entry("a"), entry("b"), entry("c", 2)]]);
  expect(lines.count()).toBe(4);
  await lines.end();
});

test("entries are scattered where many that are known lie between them, and not where they follow each other", async () => {
  await using world = await createWorld();
  const db = world.db();
  const dataset = datasetsOf(db).ensure(DATASET);
  const isScattered = scatteredOf(db);
  const some = (step: number) => Array.from({ length: 10 }, (_, i) => entry(numbered(i * step)));
  expect(isScattered(dataset, some(100))).toBe(false);
  const entries = Array.from({ length: 1000 }, (_, i) => entry(numbered(i)));
  const nothing = { rejected: [], checkpoints: [], expectedFor: namedAs };
  acceptOf(db)(dataset, { dataset: DATASET, entries, ...nothing }, 1000);
  expect(isScattered(dataset, some(100))).toBe(true);
  expect(isScattered(dataset, some(100).toReversed())).toBe(true);
  expect(isScattered(dataset, some(1))).toBe(false);
  expect(isScattered(dataset, [entry(numbered(5000)), entry(numbered(9000))])).toBe(false);
  expect(isScattered(dataset, [])).toBe(false);
  expect(isScattered(dataset + 1, some(100))).toBe(false);
});
