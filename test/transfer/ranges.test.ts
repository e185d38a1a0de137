import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bytesIn,
  firstGap,
  prefixOf,
  type Ranges,
  within,
  withRange,
} from "../../src/transfer/ranges.ts";

const SIZE = 40;
const range = fc
  .tuple(fc.nat(SIZE), fc.nat(SIZE))
  .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

/** Which bytes are there, one by one. */
function bytesOf(ranges: Ranges): boolean[] {
  return Array.from({ length: SIZE }, (_, i) =>
    ranges.some(({ start, end }) => start <= i && i < end),
  );
}

test("ranges hold what was put into them, in order and apart", () => {
  const property = fc.property(fc.array(range, { maxLength: 12 }), (added) => {
    const ranges = added.reduce<Ranges>((all, each) => withRange(all, each), []);
    const bytes = bytesOf(added);
    expect(bytesOf(ranges)).toEqual(bytes);
    expect(bytesIn(ranges)).toBe(bytes.filter(Boolean).length);
    for (const [i, { start }] of ranges.slice(1).entries())
      expect(start).toBeGreaterThan((ranges[i] as { readonly end: number }).end);
    expect(prefixOf(ranges)).toBe([...bytes, false].indexOf(false));
    const gap = firstGap(ranges, SIZE);
    expect(gap?.start ?? SIZE).toBe(prefixOf(ranges));
    if (gap !== undefined) {
      expect(bytes.slice(gap.start, gap.end).some(Boolean)).toBe(false);
      expect(bytes[gap.end] ?? true).toBe(true);
    }
    expect(bytesOf(within(ranges, 7))).toEqual(bytes.map((is, i) => is && i < 7));
  });
  fc.assert(property, { numRuns: 1000, seed: 3 });
});
