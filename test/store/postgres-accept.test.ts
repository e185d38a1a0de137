import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Entry } from "../../src/manifest/types.ts";
import { createSortedLines } from "../../src/store/open.ts";
import { accept } from "../../src/store/postgres/accept.ts";
import type { Db } from "../../src/store/postgres/connect.ts";
import { datasetsOf } from "../../src/store/postgres/datasets.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { rawStore } from "../../src/store/postgres/raw-store.ts";
import { rebuildOf } from "../../src/store/postgres/rebuild.ts";
import { storeToWork } from "../../src/store/postgres/stores.ts";
import type { RawBatch } from "../../src/store/raw-store.ts";
import type { ForgottenReceipt, Remembered } from "../../src/store/remembered.ts";
import type { Store } from "../../src/store/store.ts";
import { explaining, type PlanNode } from "../helpers/explaining.ts";
import { namedAs } from "../helpers/named.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";

const DATASET = "acme/orders/v1";
/** ms since epoch. */
const NOW = 1_000_000;
const bad = { path: "processed.jsonl", line: 1, offset: 0, reason: "no JSON" };

describe.skipIf(whyNoPostgres !== undefined)("lines that are taken in by PostgreSQL", () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("two processes take in lines of the same raws, and nothing is lost", async () => {
    const url = await server.database("together");
    const stores = [await open(url), await open(url)];
    await stores[0]?.ingest.know(DATASET);
    // Each raw in several batches of both, in different orders; two raws have one plain name.
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      const { ingest } = stores[writer % 2] as Store;
      let lines = 0;
      for (let round = 0; round < 12; round += 1) {
        const entries = someOf(writer, round);
        const accepted = await ingest.accept(batchOf(entries), NOW);
        expect(accepted.due + accepted.unchanged + accepted.superseded).toBe(entries.length);
        lines += entries.length;
      }
      return lines;
    });
    const lines = (await Promise.all(writers)).reduce((a, b) => a + b);
    const db = await openDatabase(url);
    const rows = await db.all<{ raw: string; name: string; mtime: number; next_at: number }>(
      "SELECT convert_from(raw, 'UTF8') AS raw, name, mtime, next_at FROM files ORDER BY raw",
    );
    expect(rows.map(({ raw }) => raw)).toEqual(RAWS);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(RAWS.length);
    expect(rows.every(({ next_at: nextAt }) => nextAt === NOW)).toBe(true);
    // The last line of a raw is the last one of one of the writers.
    const last = Array.from({ length: 6 }, (_, writer) => lastOf(writer));
    const wrong = rows.filter(({ raw, mtime }) => !last.some((of) => of.get(raw) === mtime));
    expect(wrong).toEqual([]);
    expect(await db.all("SELECT outcome, n FROM totals")).toEqual([
      { outcome: "new", n: RAWS.length },
    ]);
    expect(await db.all("SELECT n FROM counts WHERE what = 'lines'")).toEqual([{ n: lines }]);
    expect(
      await db.all(
        `SELECT 1 FROM files AS f WHERE NOT EXISTS (
           SELECT 1 FROM names AS n WHERE n.dataset = f.dataset AND n.name = f.name AND n.raw = f.raw)`,
      ),
    ).toEqual([]);
    await Promise.all([...stores, db].map((each) => each.close()));
  }, 60_000);

  test("a store sees that another one changed something, and not that it did so itself", async () => {
    const url = await server.database("changes");
    const [a, b] = [await open(url), await open(url)];
    await a.ingest.know(DATASET);
    const seen = async () => [
      await a.ingest.isChangedByOthers(),
      await b.ingest.isChangedByOthers(),
    ];
    const change = (store: Store) => store.ingest.replaceCheckpoints(DATASET, []);
    await change(b);
    expect(await seen()).toEqual([false, false]);
    await change(a);
    expect(await seen()).toEqual([false, true]);
    for (const store of [b, a, a]) await change(store);
    expect(await seen()).toEqual([true, true]);
    expect(await seen()).toEqual([false, false]);
    await a.ingest.accept(batchOf(numbered("raw", 1)), NOW);
    expect(await seen()).toEqual([false, false]);
    await Promise.all([a.close(), b.close()]);
  });

  test("rows go by the key while statistics are those of an empty table", async () => {
    const db = await openDatabase(await server.database("plans"));
    const dataset = await datasetsOf(db).ensure(DATASET);
    await fill(db, dataset);
    const plans: PlanNode[][] = [];
    const explained = explaining(db, plans);
    const take = (entries: readonly Entry[]) => accept(explained, dataset, batchOf(entries), NOW);
    expect(await take(numbered("raw", 1))).toMatchObject({ unchanged: 1000 });
    expect(await take(numbered("raw", 2))).toMatchObject({ due: 1000 });
    expect(await take(numbered("new", 1))).toMatchObject({ due: 1000 });
    expect(await take(numbered("gone", 1))).toMatchObject({ unchanged: 1000 });
    const rejected = Array.from({ length: 1000 }, (_, line) => ({ ...bad, line }));
    await accept(explained, dataset, { ...batchOf([]), rejected }, NOW);
    const rebuild = rebuildOf(explained, dataset);
    await rebuild(numbered("gone", 2).map((entry) => receiptOf(entry, "sampled")));
    await rebuild(numbered("new", 2).map(forgottenOf));
    await rebuild(numbered("gone", 3).map((entry) => receiptOf(entry, "failed")));
    const names = numbered("raw", 3).map(({ raw }) => raw.slice("raw/".length));
    await rawStore(explained).take(rawBatchOf(names), NOW);
    const nodes = plans.flat();
    expect(nodes.filter((node) => node["Node Type"] === "Seq Scan")).toEqual([]);
    const ofFiles = nodes.filter((node) => node["Relation Name"] === "files");
    const inserted = ofFiles.filter((node) => node["Conflict Arbiter Indexes"] !== undefined);
    expect(inserted.length).toBeGreaterThan(6);
    const read = ofFiles.filter((node) => node["Index Name"] !== undefined);
    expect(read.length).toBeGreaterThan(10);
    for (const node of read) {
      expect(node).toMatchObject({ "Index Name": "files_pkey" });
      expect(node["Index Cond"]).toMatch(/dataset = .*raw = /);
    }
    const rest = ofFiles.filter((node) => !inserted.includes(node) && !read.includes(node));
    // Rows are removed by their places, which the key has told.
    expect(rest.map((node) => node["Node Type"])).toEqual(["ModifyTable", "Tid Scan"]);
    await db.close();
  }, 60_000);
});

/** Some raws have one plain name: that of another with an `x` for the first letter. */
const RAWS = ["a", "x"].flatMap((way) =>
  Array.from({ length: 150 }, (_, i) => `${way}${1000 + i}`),
);

function open(url: string): Promise<Store> {
  return storeToWork({ url, state: "/state", createSortedLines }, false);
}

function batchOf(entries: readonly Entry[]) {
  const expectedFor = (raw: string) => ({
    ...namedAs(raw),
    names: { plain: raw.slice(1), ifTaken: () => `${raw}~` },
  });
  return { dataset: DATASET, entries, rejected: [], checkpoints: [], expectedFor };
}

/** The lines of a writer's batch: from where it begins, each raw in steps, around the end. */
function someOf(writer: number, round: number): Entry[] {
  const step = [1, 7, 11, 13, 289, 293][writer] as number;
  return Array.from({ length: 120 }, (_, i) => {
    const raw = RAWS[((round * 120 + i) * step) % RAWS.length] as string;
    return { raw, bronze: `bronze/${raw}`, mtime: writer * 1000 + round };
  });
}

function lastOf(writer: number): Map<string, number> {
  const rounds = Array.from({ length: 12 }, (_, round) => someOf(writer, round));
  return new Map(rounds.flat().map(({ raw, mtime }) => [raw, mtime]));
}

function numbered(directory: string, mtime: number): Entry[] {
  return Array.from({ length: 1000 }, (_, i) => {
    const raw = `${directory}/${String(i).padStart(6, "0")}.csv`;
    return { raw, bronze: `bronze/${raw}`, mtime };
  });
}

function receiptOf({ raw, bronze, mtime }: Entry, outcome: "sampled" | "failed"): Remembered {
  const unknown = { extension: null, validation: null, code: null, message: null, mask: null };
  const sampled = { format: "csv", rows: 1, bytes: 2, sourceSize: 3, from: null, inode: null };
  const settled = { outcome, sample: `of/${raw}`, settledAt: mtime };
  return { raw, bronze, mtime, ...unknown, ...sampled, ...settled };
}

function forgottenOf({ raw, mtime }: Entry): ForgottenReceipt {
  return { outcome: "forgotten", entry: { raw, mtime }, settledAt: mtime };
}

/** Files of the directory `raw` that have to rest, a listing that has ended, and names that are gone. */
function rawBatchOf(names: readonly string[]): RawBatch {
  const file = { mtime: 5, size: 1, inode: "1", seen: "5" };
  const came = names.map((name, i) => ({ name, rests: i % 2 === 0, ...file }));
  const directory = { path: "raw", state: "s", listedAt: NOW };
  const end = { directory, names: "", gone: names, directories: [], count: 1, unnamed: 0 };
  const { expectedFor } = batchOf([]);
  return { dataset: DATASET, pages: [{ path: "raw", came, end }], quietSeconds: 60, expectedFor };
}

/**
 * Many rows in each table. Statistics say that there is none, and that pages are empty: so it is
 * once all rows were removed, until the next ANALYZE.
 */
async function fill(db: Db, dataset: number): Promise<void> {
  const name = "lpad(i::text, 6, '0') || '.csv'";
  const filling: Readonly<Record<string, string>> = {
    files: `INSERT INTO files (dataset, raw, bronze, mtime, seq, name, outcome, done_mtime)
      SELECT $1, ('raw/' || ${name})::bytea, '', 1, i, ${name}, 'sampled', 1`,
    names: `INSERT INTO names (dataset, name, raw) SELECT $1, 'ew/' || ${name}, 'other'`,
    forgotten: `INSERT INTO forgotten (dataset, raw, mtime, at)
      SELECT $1, ('gone/' || ${name})::bytea, 1, 1`,
    acknowledged_lines: `INSERT INTO acknowledged_lines (dataset, line, "offset", reason, at)
      SELECT $1, i, 0, 'no JSON', 1`,
    raw_resting: `INSERT INTO raw_resting (dataset, directory, name, seen, since, looked_at)
      SELECT $1, (CASE WHEN i < 1000 THEN 'raw' ELSE 'other' END)::bytea, (${name})::bytea, '5', 1, 1`,
  };
  for (const [table, insert] of Object.entries(filling)) {
    const all = `${insert} FROM generate_series(0, 49999) AS i`;
    await db.run(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
    await db.run(all, [dataset]);
    await db.run(`DELETE FROM ${table}`);
    await db.run(`ANALYZE ${table}`);
    await db.run(all, [dataset]);
  }
}
