import type { Part } from "../lib/source.ts";

/** Parts of an object that were fetched, the latest few of them. */
export interface KeptParts {
  add(start: number, bytes: Uint8Array): void;
  /** The bytes that are there from `start` on, up to `end`: nothing, some of it, or all. */
  from(start: number, end: number): Uint8Array;
  /** The byte before which the nearest part ends that ends at or before `at`; 0 where none does. */
  endBefore(at: number): number;
  /** The first byte after `at` that is there; `end` where that comes first. */
  startAfter(at: number, end: number): number;
}

/** Parts that are further apart are fetched by a request each, bytes. */
const GAP_BYTES = 64 * 1024;
/** Parts are joined up to this many bytes: what is held while others wait for their turn. */
const JOINED_BYTES = 1024 ** 2;

const NOTHING = new Uint8Array();

/** Keeps up to so many bytes; those that were added first go first, but for the very first part. */
export function keptParts(mostBytes: number): KeptParts {
  let parts: { readonly start: number; readonly end: number; readonly bytes: Uint8Array }[] = [];

  return {
    add(start, bytes) {
      parts.push({ start, end: start + bytes.length, bytes });
      let held = parts.reduce((sum, part) => sum + part.bytes.length, 0);
      while (held > mostBytes && parts.length > 2) held -= parts.splice(1, 1)[0]?.bytes.length ?? 0;
    },
    from(start, end) {
      const found = parts.find((part) => part.start <= start && start < part.end);
      return found?.bytes.subarray(start - found.start, end - found.start) ?? NOTHING;
    },
    endBefore: (at) => Math.max(0, ...parts.map((part) => part.end).filter((end) => end <= at)),
    startAfter: (at, end) =>
      Math.min(end, ...parts.map((part) => part.start).filter((start) => start > at)),
  };
}

/** The last of some parts in their order that begins at or before a byte; undefined where none does. */
export function partAt(parts: readonly Part[], at: number): number | undefined {
  let [low, high] = [0, parts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parts[middle] as Part).start <= at) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : low - 1;
}

/** Parts in their order, those that lie close together as one. */
export function joined(parts: readonly Part[]): Part[] {
  const all: Part[] = [];
  for (const part of parts.toSorted((a, b) => a.start - b.start)) {
    const last = all.at(-1);
    const isClose = last !== undefined && part.start - last.end <= GAP_BYTES;
    const end = Math.max(last?.end ?? 0, part.end);
    if (last !== undefined && isClose && end - last.start <= JOINED_BYTES)
      all[all.length - 1] = { start: last.start, end };
    else all.push(part);
  }
  return all;
}
