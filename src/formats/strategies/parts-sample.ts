import type { Limits } from "../../lib/limits.ts";
import type { Cut } from "../../lib/records.ts";
import type { SamplePart, SampleStream, SampleSummary } from "../types.ts";
import { rowsOf } from "./places.ts";

/** Records of one place in a file, as the sample has them. */
export interface WholePart extends SamplePart {
  readonly bytes: Uint8Array;
  readonly cut: Cut | undefined;
}

/** The limits of one part. */
export interface PartLimits extends Pick<Limits, "rows" | "bytes" | "recordBytes"> {
  /** Its number, from 0 on. */
  readonly part: number;
}

/** A spread, before its parts are taken. */
export interface SpreadPlan extends Pick<SampleSummary, "format" | "warnings"> {
  /** Places that are looked at. */
  readonly count: number;
  readonly limits: Limits;
  /** Bytes of one part at most. */
  readonly largest: number;
}

/**
 * Takes part after part, in the file's order: each gets an equal share of the rows, and of the bytes
 * that are left. `take` returns undefined where no border is certain. Returns the sample, or the
 * reason why there is none, where only the start is left.
 */
export async function sampleOfParts(
  { count, limits, largest, ...facts }: SpreadPlan,
  take: (limits: PartLimits) => Promise<WholePart | undefined>,
): Promise<SampleStream | string> {
  const rows = rowsOf(limits.rows, count);
  const parts: WholePart[] = [];
  let refused = 0;
  let left = limits.bytes;
  for (let part = 0; part < count; part += 1) {
    const bytes = Math.min(Math.floor(Math.max(0, left) / (count - part)), largest);
    const { recordBytes } = limits;
    const taken = await take({ part, rows: rows[part] as number, bytes, recordBytes });
    if (taken === undefined) refused += 1;
    else if (taken.rows > 0) parts.push(taken);
    left -= taken?.bytes.length ?? 0;
  }
  const why = `${refused} of ${count} places are left out: no border there is certain`;
  if (parts.length > 1) return spread(parts, refused > 0 ? { ...facts, why } : facts);
  return refused > 0 ? why : "sample.bytes leaves no room for records of several places";
}

async function* spread(
  parts: readonly WholePart[],
  facts: Pick<SampleSummary, "format" | "warnings" | "why">,
): SampleStream {
  for (const { bytes } of parts) yield bytes;
  return {
    ...facts,
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    complete: false,
    cut: parts.some(({ cut }) => cut === "bytes") ? "bytes" : "rows",
    strategy: "spread",
    parts: parts.map(({ at, rows }) => ({ at, rows })),
  };
}
