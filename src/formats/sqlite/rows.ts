import { Failure, NoSample } from "../../errors.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Cut } from "../../lib/records.ts";
import { faultOf } from "../fault.ts";
import { compareFields } from "./compare.ts";
import type { Database } from "./database.ts";
import { invalid } from "./invalid.ts";
import type { IndexValue, Row } from "./layout.ts";
import type { TablePlan } from "./plan.ts";
import { type Field, fieldsOf, recordOf } from "./record.ts";
import { openTree, type Tree } from "./tree.ts";
import type { Entry } from "./write-tree.ts";

/** Rows that are kept of tables that say what others are, as those of GeoPackages do. */
const WHOLE_ROWS = 1000;
const DESCRIBING = /^gpkg_/i;

/** The rows of a table that are kept. */
export interface TakenTable {
  readonly plan: TablePlan;
  /** False for one without row ids. */
  readonly isTable: boolean;
  readonly rows: readonly Entry[];
  /** The entries of each of its indexes, in order. */
  readonly indexes: readonly (readonly Entry[])[];
  readonly cut: Cut | undefined;
  /** The reason why rows are missing that there seem to be. */
  readonly fault: string | undefined;
}

/** A row with the values that each index has of it. */
interface TakenRow extends Entry {
  readonly row: Row;
  readonly keys: readonly (readonly Field[])[];
}

/**
 * Takes the first rows of each table. A row counts with its entries in indexes. Of the bytes that are
 * left a table may use as many as each of those after it; one row is always kept.
 * @throws NoSample where that row is too large; what reading throws where the file is not to blame
 */
export async function takeRows(
  db: Database,
  tables: readonly TablePlan[],
  { limits, signal }: { readonly limits: Limits; readonly signal: AbortSignal },
): Promise<readonly TakenTable[]> {
  const taken: TakenTable[] = [];
  let left = limits.bytes;
  let isFirst = true;
  for (const [i, plan] of tables.entries()) {
    signal.throwIfAborted();
    taken.push(await takeTable(plan, left - left / (tables.length - i)));
  }
  const fault = taken.find((table) => table.fault !== undefined)?.fault;
  if (isFirst && fault !== undefined) throw invalid(fault);
  return taken;

  /** Takes rows until no more than `end` bytes are left. */
  async function takeTable(plan: TablePlan, end: number): Promise<TakenTable> {
    const rows: TakenRow[] = [];
    let tree: Tree | undefined;
    let cut: Cut | undefined;
    let fault: string | undefined;
    try {
      tree = await openTree(db, plan.object.root);
      if (tree.isTable !== plan.isTable && plan.isTable !== undefined) {
        throw invalid("a tree of another kind than its SQL says");
      }
      cut = await fill(plan, tree, rows, end);
    } catch (error) {
      if (
        error instanceof NoSample ||
        (error instanceof Failure && error.code === "LIMIT_EXCEEDED")
      )
        throw error;
      fault = error instanceof RangeError ? error.message : faultOf(error, signal);
    }
    const indexes = plan.indexes.map(({ values }, i) =>
      rows
        .map(({ keys }) => keys[i] as readonly Field[])
        .toSorted((a, b) => compareKeys(a, b, values))
        .map((fields) => ({ record: recordOf(fields) })),
    );
    return { plan, isTable: plan.isTable ?? tree?.isTable ?? true, rows, indexes, cut, fault };
  }

  async function fill(
    { object, indexes, order }: TablePlan,
    tree: Tree,
    rows: TakenRow[],
    end: number,
  ): Promise<Cut | undefined> {
    const most = DESCRIBING.test(object.name) ? Math.max(limits.rows, WHOLE_ROWS) : limits.rows;
    for await (const cell of tree.cells()) {
      if (rows.length >= most) return "rows";
      if (isFull(cell.bytes)) return "bytes";
      const record = await cell.record();
      const row = { rowid: cell.rowid, fields: fieldsOf(record) };
      const keys = indexes.map(({ values }) => keyOf(values, row));
      const size = keys.reduce((sum, key) => sum + bytesOf(key), record.length);
      if (isFull(size)) return "bytes";
      checkOrder(rows.at(-1)?.row, row, order);
      rows.push({ rowid: cell.rowid, record, row, keys });
      left -= size;
      isFirst = false;
    }
    return undefined;

    function isFull(bytes: number): boolean {
      if (isFirst && bytes > limits.recordBytes) {
        throw new NoSample(`a row is larger than ${limits.recordBytes} bytes`);
      }
      return !isFirst && left - bytes < end;
    }
  }

  /** @throws Failure FORMAT_INVALID where a tree would not have them in this order */
  function checkOrder(before: Row | undefined, row: Row, order: TablePlan["order"]): void {
    if (before === undefined) return;
    const { rowid } = row;
    const isRising =
      rowid === undefined
        ? order === undefined || compareKeys(keyOf(order, before), keyOf(order, row), order) < 0
        : rowid > (before.rowid ?? rowid);
    if (!isRising) throw invalid("rows out of order");
  }

  function compareKeys(
    a: readonly Field[],
    b: readonly Field[],
    values: readonly IndexValue[],
  ): number {
    for (const [i, { collation, isDescending }] of values.entries()) {
      const [one, other] = [a[i] as Field, b[i] as Field];
      const found = compareFields(one, other, { collation, encoding: db.encoding });
      if (found !== 0) return isDescending ? -found : found;
    }
    return 0;
  }
}

/** The values that an index has of a row. */
function keyOf(values: readonly IndexValue[], row: Row): readonly Field[] {
  return values.map(({ of }) => {
    const field = of(row);
    if (field === undefined) throw new NoSample("a default in an index would have to be computed");
    return field;
  });
}

function bytesOf(fields: readonly Field[]): number {
  return fields.reduce((sum, { bytes }) => sum + bytes.length + 1, 1);
}
