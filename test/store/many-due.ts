import { expect } from "vitest";
import { createSortedLines } from "../../src/store/open.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { storeIn } from "../../src/store/postgres/store.ts";
import type { Worker } from "../../src/store/postgres/worker.ts";
import type { Store } from "../../src/store/store.ts";
import { explaining, type PlanNode } from "../helpers/explaining.ts";
import type { Postgres } from "../helpers/postgres.ts";

/** A store with many entries that are due, of which statistics know nothing. */
export interface ManyDue extends AsyncDisposable {
  readonly store: Store;
  /** The plans of the statements by which something is done. */
  plansOf(work: () => Promise<unknown>): Promise<readonly PlanNode[]>;
}

/** Fills a database with 25,000 entries in each of some datasets; one in 100 was found by looking. */
export async function manyDue(
  server: Postgres,
  name: string,
  datasets: readonly string[],
  worker: Worker = { host: 0 },
): Promise<ManyDue> {
  const db = await openDatabase(await server.database(name));
  const plans: PlanNode[][] = [];
  const store = storeIn(explaining(db, plans), worker, createSortedLines);
  for (const table of ["files", "names", "unsynced"]) {
    await db.run(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
    await db.run(`ANALYZE ${table}`);
  }
  for (const dataset of datasets) {
    await store.ingest.know(dataset);
    await db.run(
      `INSERT INTO files (dataset, raw, bronze, mtime, seq, next_at, name, inode)
       SELECT d.id, ('raw/' || file)::bytea, '', 1, i, 1, file, CASE WHEN i % 100 = 0 THEN '1' END
       FROM datasets AS d, generate_series(1, 25000) AS i, lpad(i::text, 6, '0') AS file
       WHERE d.name = $1`,
      [dataset],
    );
  }
  return {
    store,
    async plansOf(work) {
      plans.length = 0;
      await work();
      return plans.flat();
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** True for a node that reads all rows of `files`. */
export function isScanOfAll(node: PlanNode): boolean {
  return node["Node Type"] === "Seq Scan" && node["Relation Name"] === "files";
}

/** The nodes that read rows of `files`. */
export function scansOf(nodes: readonly PlanNode[]): readonly PlanNode[] {
  return nodes.filter((node) => node["Relation Name"] === "files" && !isWriting(node));
}

function isWriting(node: PlanNode): boolean {
  return node["Node Type"] === "ModifyTable";
}

/** Rows of `files` are found by their key, and written so as well, in so many statements. */
export function expectByKey(nodes: readonly PlanNode[], statements: number): void {
  for (const scan of scansOf(nodes)) {
    expect(scan).toMatchObject({ "Index Name": "files_pkey" });
    expect(scan["Index Cond"]).toMatch(/dataset = .*raw = /);
  }
  const written = nodes.filter((node) => isWriting(node) && node["Relation Name"] === "files");
  expect(written.map((node) => node["Conflict Arbiter Indexes"])).toEqual(
    Array.from({ length: statements }, () => ["files_pkey"]),
  );
}
