import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Queries } from "../../src/store/queries.ts";
import type { Db } from "../../src/store/postgres/connect.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { queriesOf } from "../../src/store/postgres/queries.ts";
import { allOf } from "../helpers/all-of.ts";
import { explaining, type PlanNode } from "../helpers/explaining.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";

const DATASET = "acme/orders/v1";
/** ms since epoch. */
const NOW = 1_000_000_000;
/** Entries of the dataset: one in 20 failed, and one in 50 of these was seen; one in 100 waits. */
const ALL = 20_000;
const RAWS = Array.from({ length: 1000 }, (_, i) => rawOf(i * 7));
const everything = { hasDataset: () => true, hasRaw: () => true };
const failing = [{ dataset: DATASET, failed: 1000 }];
const codes = ["TIMEOUT", "FILE_MISSING"];

/** Questions, and the number of rows that each may look at. */
const questions: readonly (readonly [string, number, (queries: Queries) => Promise<unknown>])[] = [
  ["totals", 500, (q) => q.totals(NOW)],
  ["backlog", 250, (q) => q.backlog(NOW, () => true)],
  ["failuresByCode", 1200, (q) => q.failuresByCode()],
  ["countsByCode", 1100, (q) => q.countsByCode(DATASET)],
  ["newestFailures", 1510, (q) => q.newestFailures(failing, { codes, count: 600 })],
  ["entries", 110, (q) => allOf(q.entries({ limit: 100 }))],
  ["entries that failed", 2100, (q) => allOf(q.entries({ limit: 100, outcome: "failed" }))],
  ["entries that wait", ALL + 10, (q) => allOf(q.entries({ outcome: "waiting" }))],
  ["entries settled since", ALL + 10, (q) => allOf(q.entries({ since: 19_000 }))],
  ["entries with a code", 600, (q) => allOf(q.entries({ code: "TIMEOUT" }))],
  ["all entries", ALL + 10, (q) => allOf(q.entries({}))],
  ["newest of a name", ALL + 20, (q) => allOf(q.entries(named({ isNewestFirst: true })))],
  ["entries of a name", ALL + 20, (q) => allOf(q.entries(named({})))],
  ["failedEntries", ALL + 10, (q) => allOf(q.failedEntries(everything))],
  [
    "failedEntries with a code",
    600,
    (q) => allOf(q.failedEntries({ ...everything, code: "TIMEOUT" })),
  ],
  ["browse", 250, (q) => q.browse({ dataset: DATASET, limit: 50 })],
  ["browse on", 250, (q) => q.browse({ dataset: DATASET, limit: 50, after: placeAt(9000) })],
  ["browse what waits", 110, (q) => q.browse({ dataset: DATASET, outcome: "waiting", limit: 50 })],
  ["neighbours", 20, (q) => q.neighbours({ dataset: DATASET, raw: rawOf(9001) })],
  ["entriesOf", 2, (q) => q.entriesOf(rawOf(7))],
  ["rawsOfSample", 4, (q) => q.rawsOfSample(sampleOf(7))],
  ["nearRaws", 2100, (q) => q.nearRaws({ raw: `${rawOf(7)}x`, count: 3 })],
  ["rawsEnding", 2100, (q) => q.rawsEnding({ raw: "000007.csv", count: 3 })],
  ["rawsBeginning", 1010, (q) => q.rawsBeginning({ raw: "raw/", count: 3 })],
  ["recordedSamples", 1010, (q) => q.recordedSamples(DATASET, rawOf(500), 1000)],
  ["missingOf", 1010, (q) => q.missingOf(DATASET, RAWS)],
  [
    "orphansAmong",
    2010,
    (q) =>
      q.orphansAmong(
        DATASET,
        Array.from({ length: 1000 }, (_, i) => sampleOf(i)),
      ),
  ],
];

describe.skipIf(whyNoPostgres !== undefined)("questions to PostgreSQL", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.each(["of an empty table", "true"])(
    "cost what they show where statistics are %s",
    async (statistics) => {
      const db = await openDatabase(await server.database(statistics));
      await fill(db);
      if (statistics === "true") await db.run("ANALYZE");
      const plans: PlanNode[][] = [];
      const queries = queriesOf(explaining(db, plans, "ANALYZE, "));
      const dear: string[] = [];
      for (const [name, most, ask] of questions) {
        plans.length = 0;
        await ask(queries);
        const looked = plans
          .flat()
          .map(rowsLookedAt)
          .reduce((a, b) => a + b, 0);
        if (looked > most) dear.push(`${name}: ${looked} rows, not ${most}`);
      }
      expect(dear).toEqual([]);
      await db.close();
    },
    60_000,
  );
});

function rawOf(i: number): string {
  return `raw/${String(i).padStart(6, "0")}.csv`;
}

function sampleOf(i: number): string {
  return `${String(i).padStart(6, "0")}_sample.csv`;
}

function placeAt(i: number) {
  return { at: i, seq: 0, raw: rawOf(i) };
}

/** Entries of a name that few have. */
function named(filter: object) {
  return { ...filter, hasRaw: (raw: string) => raw.endsWith("000.csv") };
}

/** Rows of large tables that a node of a plan has looked at. */
function rowsLookedAt(node: PlanNode): number {
  if (!/^(files|names|forgotten)$/.test(node["Relation Name"] ?? "")) return 0;
  const { "Actual Rows": rows = 0, "Rows Removed by Filter": removed = 0 } = node;
  return (rows + removed) * (node["Actual Loops"] ?? 1);
}

/** Many entries of one dataset; statistics say that there are none. */
async function fill(db: Db): Promise<void> {
  await db.run("INSERT INTO datasets (name) VALUES ($1)", [DATASET]);
  const name = "lpad(i::text, 6, '0')";
  const all = `FROM generate_series(0, ${ALL - 1}) AS i`;
  for (const table of ["files", "names"]) {
    await db.run(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
    await db.run(`ANALYZE ${table}`);
  }
  await db.run(
    `INSERT INTO files (dataset, raw, bronze, mtime, seq, name, outcome, done_mtime, settled_at, sample,
       sampled_at, format, code, next_at, acknowledged)
     SELECT 1, ('raw/' || ${name} || '.csv')::bytea, '', 1, i, ${name} || '_sample.csv',
       CASE WHEN i % 20 = 0 THEN 'failed' ELSE 'sampled' END, 1, i, ${name} || '_sample.csv', i, 'csv',
       CASE WHEN i % 40 = 0 THEN 'TIMEOUT' WHEN i % 20 = 0 THEN 'FILE_MISSING' END,
       CASE WHEN i % 100 = 1 THEN $1::bigint END, CASE WHEN i % 1000 = 0 THEN i END ${all}`,
    [NOW],
  );
  await db.run(
    `INSERT INTO names (dataset, name, raw)
     SELECT 1, ${name} || '_sample.csv', ('raw/' || ${name} || '.csv')::bytea ${all}`,
  );
}
