import type { ForgottenReceipt, Remembered } from "../remembered.ts";
import type { Rebuild } from "../ingest-store.ts";
import type { Db, Sql } from "./connect.ts";
import { createCounts } from "./counts.ts";
import { lockFiles } from "./file-rows.ts";
import { foldReceipts, type KnownBefore, type KnownRow, type RawReceipt } from "./fold-receipts.ts";
import { forgetUntil } from "./forgotten.ts";
import { bytesOf, pathOf, storedPath, textOf } from "../paths.ts";
import { putBack } from "./put-back.ts";

/** Begins to put back what receipts of a dataset say, each call in one transaction. */
export function rebuildOf(db: Db, dataset: number): Rebuild {
  /** Time at which the dataset was forgotten as a whole, ms since epoch: older receipts no longer count. */
  let forgottenAt = -1;
  return async (receipts) => {
    forgottenAt = await db.transaction((sql) => restore(sql, dataset, receipts, forgottenAt));
  };
}

/** Returns the time at which the dataset was forgotten, which may be among the receipts. */
async function restore(
  sql: Sql,
  dataset: number,
  receipts: readonly (Remembered | ForgottenReceipt)[],
  forgottenBefore: number,
): Promise<number> {
  // Only one process at a time puts receipts of a dataset back.
  await sql.get("SELECT 1 FROM datasets WHERE id = $1 FOR UPDATE", [dataset]);
  let forgottenAt = forgottenBefore;
  let some: RawReceipt[] = [];
  for (const receipt of receipts) {
    if (receipt.settledAt <= forgottenAt) continue;
    if (isOfRaw(receipt)) some.push(receipt);
    else {
      await putSomeBack(sql, dataset, some);
      some = [];
      forgottenAt = receipt.settledAt;
      await forgetUntil(sql, dataset, forgottenAt);
    }
  }
  await putSomeBack(sql, dataset, some);
  return forgottenAt;
}

function isOfRaw(receipt: Remembered | ForgottenReceipt): receipt is RawReceipt {
  return receipt.outcome !== "forgotten" || receipt.entry !== null;
}

async function putSomeBack(
  sql: Sql,
  dataset: number,
  receipts: readonly RawReceipt[],
): Promise<void> {
  if (receipts.length === 0) return;
  const folded = foldReceipts(await knownBefore(sql, dataset, receipts), receipts);
  await putBack(sql, dataset, folded);
  const counts = createCounts();
  for (const [from, to] of folded.moves) counts.moved(dataset, from, to);
  await counts.save(sql);
}

/** Locks the rows of the receipts' raws, and reads what else they have to be compared with. */
async function knownBefore(
  sql: Sql,
  dataset: number,
  receipts: readonly RawReceipt[],
): Promise<KnownBefore> {
  const raws = [...new Set(receipts.map(rawOf))];
  const names = [...new Set(receipts.flatMap(namesIn))];
  const rows = await lockFiles<KnownRow>(
    sql,
    raws.map((raw) => ({ dataset, raw })),
    `coalesce(counted, 'new') AS outcome, settled_at AS "settledAt"`,
  );
  const forgotten = await sql.all<{ raw: Buffer; at: number }>(
    `SELECT f.raw, f.at FROM unnest($2::bytea[]) AS w (raw) CROSS JOIN LATERAL (
       SELECT raw, at FROM forgotten WHERE dataset = $1 AND raw = w.raw LIMIT 1) AS f`,
    [dataset, raws.map(bytesOf)],
  );
  const holders = await sql.all<{ name: string; raw: Buffer }>(
    `SELECT n.name, n.raw FROM unnest($2::text[]) AS w (name) CROSS JOIN LATERAL (
       SELECT name, raw FROM names WHERE dataset = $1 AND name = w.name AND NOT is_folded LIMIT 1) AS n`,
    [dataset, names],
  );
  const found = raws.flatMap((raw, i) => (rows[i] === undefined ? [] : [[raw, rows[i]] as const]));
  return {
    rows: new Map(found),
    forgotten: new Map(forgotten.map(({ raw, at }) => [pathOf(raw), at])),
    holders: new Map(holders.map(({ name, raw }) => [name, pathOf(raw)])),
  };
}

function rawOf(receipt: RawReceipt): string {
  return storedPath(receipt.outcome === "forgotten" ? receipt.entry.raw : receipt.raw);
}

function namesIn(receipt: RawReceipt): readonly string[] {
  if (receipt.outcome === "forgotten" || receipt.outcome === "failed") return [];
  return receipt.sample === null ? [] : [textOf(receipt.sample)];
}
