import { NoSample } from "../../errors.ts";
import type { Source } from "../../lib/source.ts";
import type { RowGroup } from "./footer.ts";
import type { Leaf } from "./schema.ts";
import { type ColumnSlice, cutSlice, type RowEnd, sliceColumn } from "./slice.ts";
import type { Work } from "./work.ts";

/** The first rows of a row group. */
export interface GroupSlice {
  readonly columns: readonly ColumnSlice[];
  readonly rows: number;
  /** Bytes of the values and levels. */
  readonly bytes: number;
}

/** The budget of a row group's rows, bytes. */
export interface Budget {
  /** All of them. */
  readonly room: number;
  /** Bytes of a single row, when it is the sample's first: that one may take more than `room`. */
  readonly recordBytes: number;
  readonly isFirst: boolean;
  /** The work on all row groups of the file. */
  readonly work: Work;
}

/**
 * Returns the first rows of all columns: as many as are wanted, or fewer where those do not fit.
 * Columns that were read are cut as soon as a further one shows that fewer rows fit, so that memory
 * stays bounded.
 * @throws NoSample when the sample's first row is larger than a record may be; what `sliceColumn`
 * throws.
 */
export async function sliceGroup(
  read: NonNullable<Source["slice"]>,
  group: RowGroup,
  leaves: readonly Leaf[],
  wanted: number,
  budget: Budget,
): Promise<GroupSlice> {
  const maxBytes = budget.room + budget.recordBytes;
  let columns: ColumnSlice[] = [];
  let rows = wanted;
  /** Bytes up to the end of each row, of the columns so far. */
  let ends: Float64Array = new Float64Array(rows);
  for (const [i, leaf] of leaves.entries()) {
    const chunk = group.chunks[i] as RowGroup["chunks"][number];
    const slice = await sliceColumn(read, { chunk, leaf }, { rows, maxBytes, work: budget.work });
    columns.push(slice);
    const levels = (leaf.maxRep > 0 ? 1 : 0) + (leaf.maxDef > 0 ? 1 : 0);
    for (let row = 0; row < slice.rows.length; row += 1) {
      const { bytes, entries } = slice.rows[row] as RowEnd;
      ends[row] = (ends[row] as number) + bytes + levels * entries;
    }
    const fitting = rowsThatFit(ends.subarray(0, slice.rows.length), budget);
    if (fitting === rows) continue;
    rows = fitting;
    ends = ends.slice(0, rows);
    columns = columns.map((column) => cutSlice(column, rows));
    if (rows === 0) break;
  }
  return { columns, rows, bytes: ends.at(-1) ?? 0 };
}

function rowsThatFit(ends: Float64Array, { room, recordBytes, isFirst }: Budget): number {
  const first = ends[0] ?? Number.POSITIVE_INFINITY;
  if (isFirst && first > recordBytes) {
    throw new NoSample(`its first row is larger than limits.recordBytes (${recordBytes} bytes)`);
  }
  let fitting = 0;
  while (fitting < ends.length && (ends[fitting] as number) <= room) fitting += 1;
  return isFirst ? Math.max(1, fitting) : fitting;
}
