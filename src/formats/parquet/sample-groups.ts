import type { Limits } from "../../lib/limits.ts";
import type { SeekableSource } from "../seekable.ts";
import type { SamplePart, SampleRequest, SampleStream } from "../types.ts";
import { type Footer, type IsNeeded, readRowGroup, type RowGroup } from "./footer.ts";
import { sliceGroup } from "./group.ts";
import { beginningsOf } from "./pages.ts";
import type { ColumnSlice } from "./slice.ts";
import type { Raw } from "./thrift.ts";
import { workFor } from "./work.ts";
import { type ChunkEntry, MAGIC, writeChunk, writeFooter, writeRowGroup } from "./write.ts";

/** Rows and bytes of a sample. */
type Room = Pick<Limits, "rows" | "bytes">;

/** The rows that are taken of row groups. */
export interface Taking {
  /** Room for the rows of a group, of what is left; `groups` counts it and those after it. */
  share(left: Room, groups: number): Room;
  /** True where later groups count also where not all rows of one fit. */
  readonly goesOn: boolean;
}

/** The first rows of a file: a group may have all that is left. */
export const firstRows: Taking = { share: (left) => left, goesOn: false };

/** As many rows of each group, as evenly as can be. */
export const evenRows: Taking = {
  share: ({ rows, bytes }, groups) => ({
    rows: Math.ceil(rows / groups),
    bytes: Math.floor(bytes / groups),
  }),
  goesOn: true,
};

/** Needs so many row groups at most: the first and the last one, and some evenly between. */
export function evenGroups(parts: number): IsNeeded {
  let due = 0;
  let met = 0;
  return ({ index, count }) => {
    while (due < parts && Math.round((due * (count - 1)) / Math.max(1, parts - 1)) <= index)
      due += 1;
    const isNeeded = due > met;
    met = due;
    return isNeeded;
  };
}

/** Bytes that may be read for each column, where that is more than `limits.readBytes`. */
const COLUMN_READ_BYTES = 4 * 1024 * 1024;
/** Columns above which one file is sampled at a time: a column takes about 2 KB. */
const MANY_COLUMNS = 10_000;

/**
 * Yields the first rows of each row group that the footer keeps, cut out of their pages, and returns
 * what they are. A part's offset is that of its group's first column.
 * @throws NoSample; Failure FORMAT_INVALID, LIMIT_EXCEEDED; what the source throws
 */
export async function* sampleGroups(
  source: SeekableSource,
  footer: Footer,
  { limits, alone }: Pick<SampleRequest, "limits" | "alone">,
  { share, goesOn }: Taking,
): SampleStream {
  const { leaves } = footer;
  if (leaves.length > MANY_COLUMNS) await alone?.();
  source.allowReading?.(COLUMN_READ_BYTES * leaves.length);

  const work = workFor(leaves.length);
  yield MAGIC;
  let at = MAGIC.length;
  let left: Room = limits;
  let isCut = false;
  const parts: SamplePart[] = [];
  const groups: Raw[] = [];
  for (const [i, raw] of footer.groups.entries()) {
    const group = readRowGroup(raw, leaves);
    source.willSlice?.(group.chunks.flatMap(beginningsOf));
    const room = share(left, footer.groups.length - i);
    const wanted = Math.min(room.rows, group.rows);
    const isFirst = parts.length === 0;
    const budget = { room: room.bytes, recordBytes: limits.recordBytes, isFirst, work };
    const sliced = await sliceGroup(source.slice, group, leaves, wanted, budget);
    isCut ||= sliced.rows < wanted;
    if (sliced.rows === 0 && goesOn) continue;
    if (sliced.rows === 0) break;
    const entries: ChunkEntry[] = [];
    for (const [column, leaf] of leaves.entries()) {
      const slice = sliced.columns[column] as ColumnSlice;
      const chunk = group.chunks[column] as RowGroup["chunks"][number];
      const written = await writeChunk(slice, { leaf, chunk, at });
      yield written.bytes;
      at += written.bytes.length;
      entries.push(written.entry);
    }
    const written = writeRowGroup(entries, sliced.rows, group);
    groups.push(written);
    parts.push({ at: group.chunks[0]?.start ?? MAGIC.length, rows: sliced.rows });
    left = {
      rows: left.rows - sliced.rows,
      bytes: left.bytes - sliced.bytes - written.bytes.length,
    };
    if (sliced.rows < wanted && !goesOn) break;
  }
  const rows = limits.rows - left.rows;
  yield writeFooter(footer, groups, rows);

  const complete = rows === footer.rows;
  const how = goesOn ? { strategy: "spread" as const, parts } : {};
  const summary = { format: "parquet", rows, complete, warnings: [], ...how };
  if (complete) return summary;
  return { ...summary, sourceRows: footer.rows, cut: isCut ? "bytes" : "rows" };
}
