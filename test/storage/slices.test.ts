import fc from "fast-check";
import { expect, test } from "vitest";
import type { Part } from "../../src/lib/source.ts";
import { fetchWhole, type RemoteObject } from "../../src/storage/fetch-part.ts";
import { joined, keptParts } from "../../src/storage/kept-parts.ts";
import { slicesOf } from "../../src/storage/slices.ts";
import type { Storage } from "../../src/storage/types.ts";

const KIB = 1024;
const SIZE = 3 * 1024 * KIB + 17;
const bytes = Buffer.from(Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) & 255));

/** A storage of those bytes in memory, and what is asked of it. */
function inMemory(asked: Part[]): Storage {
  return {
    protocols: ["memory:"],
    async read(_url, { start, end = SIZE }) {
      asked.push({ start, end });
      async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
        for (let at = start; at < end; at += 60_000)
          yield bytes.subarray(at, Math.min(at + 60_000, end));
      }
      const known = { isUnchanged: false, hasRanges: true, size: SIZE, version: "1", offered: {} };
      return { start, ...known, encoding: undefined, chunks: chunks(), close: () => undefined };
    },
  };
}

function objectIn(storage: Storage): RemoteObject {
  return {
    url: new URL("memory://here"),
    storage,
    signal: new AbortController().signal,
    budget: Infinity,
    read: 0,
    awaited: 0,
    requests: 0,
    mostRequests: Infinity,
    isKnown: false,
    size: undefined,
    version: undefined,
  };
}

const part = fc
  .tuple(fc.nat(SIZE + 10), fc.nat(300 * KIB))
  .map(([start, length]) => ({ start, end: start + length }));
const step = fc.oneof(
  fc.record({ slice: part }),
  fc.record({ willSlice: fc.array(part, { maxLength: 9 }) }),
);

test("whatever is sliced, in whatever order, and whatever was announced: the bytes are the object's", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const object = objectIn(inMemory([]));
      const kept = keptParts(1024 * KIB);
      kept.add(0, await fetchWhole(object, 0, 128 * KIB));
      const { slice, willSlice } = slicesOf(object, SIZE, kept);
      for (const each of steps) {
        if ("willSlice" in each) willSlice(each.willSlice);
        else {
          const { start, end } = each.slice;
          expect(bytes.subarray(start, end).equals(await slice(start, end))).toBe(true);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("what is near the end is fetched to the end at once, and what is there is not fetched again", async () => {
  const asked: Part[] = [];
  const { slice } = slicesOf(objectIn(inMemory(asked)), SIZE, keptParts(1024 * KIB));
  await slice(SIZE - 8, SIZE);
  await slice(SIZE - 60 * KIB, SIZE - 8);
  await slice(SIZE - 128 * KIB, SIZE);
  expect(asked).toEqual([{ start: SIZE - 128 * KIB, end: SIZE }]);
});

test("slices that follow each other are fetched in ever larger steps", async () => {
  const asked: Part[] = [];
  const { slice } = slicesOf(objectIn(inMemory(asked)), SIZE, keptParts(4 * 1024 * KIB));
  for (let at = 0; at < SIZE; at += 32 * KIB) await slice(at, at + 32 * KIB);
  expect(asked.length).toBeLessThanOrEqual(6);
  expect(asked.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(SIZE);
});

test("what was announced is fetched as it was announced, close parts together", async () => {
  const asked: Part[] = [];
  const object = objectIn(inMemory(asked));
  const { slice, willSlice } = slicesOf(object, SIZE, keptParts(1024 * KIB));
  const at = (kib: number): Part => ({ start: kib * KIB, end: (kib + 16) * KIB });
  willSlice([at(900), at(2000), at(950)]);
  await slice(900 * KIB, 901 * KIB);
  await slice(950 * KIB, 966 * KIB);
  await slice(2000 * KIB, 2016 * KIB);
  expect(asked).toEqual([{ start: 900 * KIB, end: 966 * KIB }, at(2000)]);
  expect(object).toMatchObject({ read: (66 + 16) * KIB, awaited: 0, requests: 2 });
});

test("parts are joined where little lies between them, and not without end", () => {
  const many = Array.from({ length: 100 }, (_, i) => ({ start: i * 50_000, end: i * 50_000 + 1 }));
  const all = joined(many);
  expect(all.length).toBe(5);
  expect(all.every(({ start, end }) => end - start <= 1024 * KIB)).toBe(true);
  expect(joined([])).toEqual([]);
});
