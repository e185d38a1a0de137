import type { Remembered } from "../remembered.ts";
import type { Sql } from "./connect.ts";
import { Overtaken } from "./errors.ts";
import { changeFiles } from "./file-rows.ts";
import type { Failing, Folded } from "./fold-receipts.ts";
import { endForgotten, saveForgotten } from "./forgotten.ts";
import { bytesOf, textOf } from "../paths.ts";
import { addUnsynced } from "./unsynced.ts";

/** Columns of rows that are put back, and their types in JSON. */
const COLUMNS = {
  raw: "text",
  bronze: "text",
  mtime: "double precision",
  name: "text",
  extension: "text",
  outcome: "text",
  settled_at: "bigint",
  sample: "text",
  format: "text",
  rows: "bigint",
  bytes: "bigint",
  source_size: "bigint",
  sampled_from: "text",
  inode: "text",
  validation: "text",
  mask: "text",
  code: "text",
  message: "text",
} as const;

/** One of them: bytes are hexadecimal. */
type Row = Readonly<Record<keyof typeof COLUMNS, string | number | null>>;

/** Columns that are taken over as they are. */
const SAME = Object.keys(COLUMNS).filter((column) => column !== "raw" && column !== "bronze");

/**
 * Writes the changes that receipts of a dataset make, but for counts; within the transaction that
 * locked their rows.
 * @throws Overtaken where another process has made one of the rows or taken one of the names since
 */
export async function putBack(sql: Sql, dataset: number, folded: Folded): Promise<void> {
  await removeRows(sql, dataset, [...folded.removed]);
  await putRows(
    sql,
    dataset,
    [...folded.put].map(([raw, { receipt, failing }]) => rowOf(raw, receipt, failing)),
  );
  await changeFiles(sql, {
    rows: [...folded.failing].map(([raw, { mtime, code, message }]) => ({
      key: { dataset, raw },
      mtime,
      code: code && textOf(code),
      message: message && textOf(message),
    })),
    given: ["mtime", "code", "message"],
    set: `outcome = 'failed', mtime = excluded.mtime, done_mtime = excluded.mtime,
      code = excluded.code, message = excluded.message`,
  });
  await claim(sql, dataset, folded.claimed);
  await saveForgotten(sql, dataset, folded.forgotten);
  await endForgotten(sql, dataset, folded.back);
  await addUnsynced(
    sql,
    folded.sampled.map((raw) => ({ dataset, raw })),
    { now: 0, host: 0 },
  );
}

async function removeRows(sql: Sql, dataset: number, raws: readonly string[]): Promise<void> {
  if (raws.length === 0) return;
  await sql.run(
    `DELETE FROM files WHERE ctid = ANY (ARRAY(
       SELECT f.place FROM unnest($2::bytea[]) AS w (raw) CROSS JOIN LATERAL (
         SELECT ctid AS place FROM files WHERE dataset = $1 AND raw = w.raw LIMIT 1) AS f))`,
    [dataset, raws.map(bytesOf)],
  );
}

function rowOf(raw: string, receipt: Remembered, failing: Failing | undefined): Row {
  const isPruned = receipt.outcome === "pruned";
  return {
    raw: bytesOf(raw).toString("hex"),
    bronze: bytesOf(receipt.bronze).toString("hex"),
    mtime: failing?.mtime ?? receipt.mtime,
    name: receipt.sample,
    extension: receipt.extension,
    outcome: failing === undefined ? receipt.outcome : "failed",
    settled_at: receipt.settledAt,
    sample: isPruned ? null : receipt.sample,
    format: receipt.format,
    rows: receipt.rows,
    bytes: isPruned ? null : receipt.bytes,
    source_size: receipt.sourceSize,
    sampled_from: receipt.from,
    inode: receipt.inode,
    validation: receipt.validation,
    mask: receipt.mask,
    code: failing?.code ?? null,
    message: failing?.message ?? null,
  };
}

async function putRows(sql: Sql, dataset: number, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  const types = Object.entries(COLUMNS).map(([column, type]) => `${column} ${type}`);
  // A row that came meanwhile was never settled: it stays, and that is seen.
  const written = await sql.run(
    `INSERT INTO files (dataset, raw, bronze, ${SAME.join(", ")}, seq, done_mtime, sampled_at)
     SELECT $1::int, decode(raw, 'hex'), decode(bronze, 'hex'), ${SAME.join(", ")}, 0, mtime, settled_at
     FROM json_to_recordset($2::json) AS t (${types.join(", ")}) ORDER BY decode(raw, 'hex')
     ON CONFLICT (dataset, raw) DO UPDATE SET bronze = excluded.bronze,
       ${SAME.map((column) => `${column} = excluded.${column}`).join(", ")},
       done_mtime = excluded.done_mtime, sampled_at = excluded.sampled_at, gone_at = NULL
     WHERE excluded.settled_at >= files.settled_at`,
    [
      dataset,
      JSON.stringify(rows, (_, value: unknown) =>
        typeof value === "string" ? textOf(value) : value,
      ),
    ],
  );
  if (written < rows.length) throw new Overtaken();
}

async function claim(
  sql: Sql,
  dataset: number,
  claimed: ReadonlyMap<string, string>,
): Promise<void> {
  if (claimed.size === 0) return;
  const count = await sql.run(
    `INSERT INTO names (dataset, name, raw)
     SELECT $1::int, name, raw FROM unnest($2::text[], $3::bytea[]) AS t (name, raw)
       ORDER BY name COLLATE "C"
     ON CONFLICT (dataset, name, is_folded) DO NOTHING`,
    [dataset, [...claimed.keys()], [...claimed.values()].map(bytesOf)],
  );
  if (count < claimed.size) throw new Overtaken();
}
