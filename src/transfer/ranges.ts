/** Bytes from `start` to before `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Ranges in order, of which none touches the next. */
export type Ranges = readonly Range[];

/** The same with one more, which may touch or overlap others. */
export function withRange(ranges: Ranges, { start, end }: Range): Ranges {
  if (end <= start) return ranges;
  const before = ranges.filter((range) => range.end < start);
  const after = ranges.filter((range) => range.start > end);
  const touched = ranges.slice(before.length, ranges.length - after.length);
  const merged = {
    start: Math.min(start, touched[0]?.start ?? start),
    end: Math.max(end, touched.at(-1)?.end ?? end),
  };
  return [...before, merged, ...after];
}

/** The end of the bytes that are there from the start on, without a gap. */
export function prefixOf(ranges: Ranges): number {
  const [first] = ranges;
  return first?.start === 0 ? first.end : 0;
}

/** The first gap below `size`; undefined where there is none. */
export function firstGap(ranges: Ranges, size: number): Range | undefined {
  const start = prefixOf(ranges);
  if (start >= size) return undefined;
  return { start, end: Math.min(size, ranges.find((range) => range.start > start)?.start ?? size) };
}

/** Bytes in all of them. */
export function bytesIn(ranges: Ranges): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Only what lies below `size`. */
export function within(ranges: Ranges, size: number): Ranges {
  return ranges
    .map(({ start, end }) => ({ start, end: Math.min(end, size) }))
    .filter(({ start, end }) => start < end);
}
