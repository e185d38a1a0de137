import { Failure, NoSample } from "../../errors.ts";
import { sliceWithHead } from "../../lib/blocks.ts";
import type { Cut } from "../../lib/records.ts";
import { faultOf } from "../fault.ts";
import { seekable } from "../seekable.ts";
import type { SampleRequest, SampleStream } from "../types.ts";
import { type Database, openDatabase } from "./database.ts";
import { invalid } from "./invalid.ts";
import { type Plan, planSample } from "./plan.ts";
import { takeRows, type TakenTable } from "./rows.ts";
import { readSchema } from "./schema.ts";
import { folded } from "./tokens.ts";
import { writeDatabase } from "./write.ts";

/** Bytes of a sample's pages before rows are in them, at most: each tree has one. */
const MAX_EMPTY_BYTES = 16 * 1024 * 1024;

/** The first rows of each table of a database. */
export async function* sampleSqlite(request: SampleRequest): SampleStream {
  const { limits, signal } = request;
  const source = await seekable(request.source, "a database");
  const { db, plan, tables } = await read().catch((error) => {
    if (error instanceof NoSample || error instanceof Failure) throw error;
    throw invalid(error instanceof RangeError ? error.message : faultOf(error, signal));
  });
  yield* writeDatabase(db, plan.objects, tables);

  const warnings = [...warningsOf(db, source.size), ...plan.warnings, ...ofTables(plan, tables)];
  const rows = tables.reduce((sum, table) => sum + (isOurs(table) ? table.rows.length : 0), 0);
  const cut = cutOf(tables);
  const complete = cut === undefined && warnings.length === 0;
  const summary = { format: "sqlite", rows, complete, warnings };
  return cut === undefined ? summary : { ...summary, cut };

  async function read() {
    const slice = sliceWithHead(await source.head(), source.slice);
    const opened = await openDatabase(slice);
    const planned = planSample(await readSchema(opened), opened);
    const roots = [...planned.tables, ...planned.tables.flatMap(({ indexes }) => indexes)];
    if (roots.length * opened.pageBytes > MAX_EMPTY_BYTES) {
      throw new NoSample(
        `${roots.length} tables and indexes, with pages of ${opened.pageBytes} bytes`,
      );
    }
    source.willSlice?.(
      planned.tables.map(({ object: { root } }) => ({
        start: (root - 1) * opened.pageBytes,
        end: root * opened.pageBytes,
      })),
    );
    const taken = await takeRows(opened, planned.tables, { limits, signal });
    return { db: opened, plan: planned, tables: taken };
  }
}

/** True for a table that is not SQLite's own. */
function isOurs({ plan }: TakenTable): boolean {
  return !plan.object.name.startsWith("sqlite_");
}

function warningsOf({ isLogged, saidBytes = 0 }: Database, size: number): string[] {
  return [
    ...(isLogged ? ["changes in its write-ahead log (-wal) are not in the sample"] : []),
    ...(size < saidBytes ? [`damaged or truncated: it should have ${saidBytes} bytes`] : []),
  ];
}

function ofTables({ virtual }: Plan, tables: readonly TakenTable[]): string[] {
  const warnings = tables.flatMap(({ plan, fault }) =>
    fault === undefined ? [] : [`${plan.object.name}: damaged or truncated: ${fault}`],
  );
  const extensions = tables.find(({ plan }) => folded(plan.object.name) === "gpkg_extensions");
  const isNamed = extensions?.rows.some(({ record }) => record.includes("gpkg_rtree_index"));
  if (virtual.size > 0 && isNamed === true) {
    warnings.push("gpkg_extensions names spatial indexes that are left out");
  }
  return warnings;
}

function cutOf(tables: readonly TakenTable[]): Cut | undefined {
  const cuts = tables.map(({ cut }) => cut).filter((cut) => cut !== undefined);
  return cuts.find((cut) => cut === "bytes") ?? cuts[0];
}
