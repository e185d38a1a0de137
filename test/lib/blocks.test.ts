import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cachedSlice, slicesOf } from "../../src/lib/blocks.ts";
import { forwardSlice } from "../../src/lib/forward.ts";

const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251));

async function* inChunks(
  all: Uint8Array,
  sizes: readonly number[],
): AsyncGenerator<Uint8Array, void, void> {
  let at = 0;
  for (let i = 0; at < all.length; i += 1) {
    const size = sizes[i % sizes.length] as number;
    yield all.subarray(at, at + size);
    at += size;
  }
}

describe("cached slices", () => {
  function counting() {
    const asked: [number, number][] = [];
    const slice = cachedSlice(async (start, end) => {
      asked.push([start, end]);
      return bytes.subarray(start, end);
    });
    return { asked, slice };
  }

  test("are the bytes asked for, over block borders and at the end", async () => {
    const { slice } = counting();
    for (const [start, end] of [
      [0, 10],
      [65_530, 65_545],
      [0, 200_000],
      [199_990, 200_010],
      [5, 5],
      [300_000, 300_004],
    ] as const) {
      expect(Buffer.from(await slice(start, end)).equals(bytes.subarray(start, end))).toBe(true);
    }
  });

  test("read each block once", async () => {
    const { asked, slice } = counting();
    await slice(10, 20);
    await slice(30, 40);
    await slice(65_530, 65_540);
    expect(asked).toEqual([
      [0, 65_536],
      [65_536, 131_072],
    ]);
  });
});

describe("slices of a stream", () => {
  test("have the same borders whatever the chunks", async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 100 }),
        sizes,
        fc.integer({ min: 1, max: 30 }),
        async (all, chunks, size) => {
          const slices: Uint8Array[] = [];
          for await (const slice of slicesOf(inChunks(all, chunks), size)) slices.push(slice);
          expect(Buffer.concat(slices).equals(all)).toBe(true);
          expect(slices.slice(0, -1).every((slice) => slice.length === size)).toBe(true);
          expect(slices.at(-1)?.length ?? size).toBeLessThanOrEqual(size);
        },
      ),
    );
  });
});

describe("forward slices", () => {
  test("are the bytes asked for while offsets ascend", async () => {
    const slice = forwardSlice(inChunks(bytes, [1000, 1, 333]));
    for (const [start, end] of [
      [0, 512],
      [0, 40],
      [100, 3000],
      [2999, 2999],
      [90_000, 90_010],
      [199_000, 250_000],
      [260_000, 260_001],
    ] as const) {
      expect(Buffer.from(await slice(start, end)).equals(bytes.subarray(start, end))).toBe(true);
    }
  });
});
