import { globSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { type Kind, tables } from "../../src/store/copy/tables.ts";
import { cacheTables } from "../../src/store/sqlite/tables.ts";
import { acceptOf } from "../../src/store/sqlite/accept.ts";
import {
  acknowledgeEntries,
  acknowledgeLines,
  acknowledgedLinesOf,
} from "../../src/store/sqlite/acknowledge.ts";
import { auditedOf } from "../../src/store/sqlite/queries/audit.ts";
import { backlogOf } from "../../src/store/sqlite/queries/backlog.ts";
import { browse, neighboursOf } from "../../src/store/sqlite/queries/browse.ts";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { makeDue } from "../../src/store/sqlite/due.ts";
import { rawsOfBronze } from "../../src/store/sqlite/queries/bronze.ts";
import { nearRaws, rawsBeginning } from "../../src/store/sqlite/queries/near-raws.ts";
import { entriesOf } from "../../src/store/sqlite/queries/entry.ts";
import {
  failedEntries,
  rejectedLines,
  retryFailures,
} from "../../src/store/sqlite/queries/failures.ts";
import { forgettingOf } from "../../src/store/sqlite/forget.ts";
import { formatsOf, listEntries } from "../../src/store/sqlite/queries/list.ts";
import {
  countsByCode,
  newestFailures,
  newestLines,
} from "../../src/store/sqlite/queries/newest-failures.ts";
import type { Db } from "../../src/store/sqlite/open.ts";
import { rawsContaining } from "../../src/store/sqlite/queries/raws-containing.ts";
import { rawsOfSample } from "../../src/store/sqlite/queries/sample-name.ts";
import { sortedLinesOf } from "../../src/store/sqlite/sorted-lines.ts";
import {
  datasetTotals,
  failuresByCode,
  nextRetryOf,
} from "../../src/store/sqlite/queries/totals.ts";
import { stagedFiles } from "../../src/store/sqlite/staging/files.ts";
import { groupWrites } from "../../src/store/sqlite/staging/group-writes.ts";
import { leases } from "../../src/store/sqlite/staging/leases.ts";
import { runs } from "../../src/store/sqlite/staging/runs.ts";
import { stagingMigrations } from "../../src/store/sqlite/staging/schema.ts";
import { retryAfterUpgrade } from "../../src/store/sqlite/retry-after-upgrade.ts";
import { checkAfterPowerLoss } from "../../src/sampling/upkeep/power-loss.ts";
import { syncSettled } from "../../src/sampling/upkeep/sync.ts";
import { namedAs } from "../helpers/named.ts";
import { allOf } from "../helpers/all-of.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const cacheFolder = join(import.meta.dirname, "../../src/store/sqlite");
/** More than SQLite takes parameters in one statement (32,766). */
const MANY = 40_000;
const everything = { hasDataset: () => true, hasRaw: () => true };

/** A statement that was prepared, where, and how SQLite goes about it. */
interface Statement {
  readonly sql: string;
  /** Of `src/store/sqlite`. */
  readonly file: string;
  readonly plan: readonly string[];
}

/** Notes each statement of a cache from now on, with its plan at that moment. */
function noteStatements(db: Db): Map<string, Statement> {
  const noted = new Map<string, Statement>();
  const prepare = db.prepare.bind(db) as (sql: string) => ReturnType<Db["prepare"]>;
  db.prepare = ((text: string) => {
    const statement = prepare(text);
    const sql = text.replace(/\s+/g, " ").trim();
    const [, file = "elsewhere"] =
      /src\/store\/sqlite\/([\w/-]+\.ts)/.exec(new Error("who").stack ?? "") ?? [];
    noted.set(sql, { sql, file, plan: planOf(prepare(`EXPLAIN QUERY PLAN ${text}`), text) });
    return statement;
  }) as Db["prepare"];
  return noted;
}

function planOf(explain: ReturnType<Db["prepare"]>, sql: string): string[] {
  const named = [...sql.matchAll(/@(\w+)/g)].map(([, name]) => [name, null]);
  const unnamed = [...sql.matchAll(/\?/g)].map(() => null);
  const found = explain.all(unnamed.length > 0 ? unnamed : Object.fromEntries(named));
  return (found as { readonly detail: string }[]).map(({ detail }) => detail);
}

/** Steps that go through all rows of a table that has one for each file, line or sample. */
function scansOf({ sql, plan }: Statement): string[] {
  const large = /^(SCAN|SEARCH) (files|names|rejected|unsynced|[fnrul])\b/;
  const isBounded = / LIMIT (\?|\d+)/.test(sql) && !plan.some((step) => /TEMP B-TREE/.test(step));
  return plan.filter((step) => {
    if (!large.test(step) || isBounded) return false;
    // There is as much in these as people have acknowledged.
    if (/INDEX acknowledged_/.test(step)) return false;
    // min() takes one step of the index that it names.
    if (/SELECT min\((dataset|next_at)\) FROM files/.test(sql) && /INDEX due/.test(step))
      return false;
    const isWholeDataset = /\(dataset=\?\)/.test(step) && !sql.startsWith("DELETE FROM rejected");
    return step.startsWith("SCAN") || isWholeDataset;
  });
}

/** With retention, which goes through samples by age, and raw files. */
const withRetention = {
  retention: { maxFiles: 1000, maxBytes: "1GiB", maxAge: "365d" },
  raw: { mode: "early" },
};

/** All that a daemon may come to do: new, changed, broken and renamed files, a lost checkpoint. */
async function liveThrough(world: World, db: Db): Promise<void> {
  await world.put("a.csv", rows(3));
  await world.put("misnamed.csv", Buffer.alloc(300, 1));
  await world.announce("gone.csv");
  await world.manifest('no entry\n{"raw":"raw/\\udcff","bronze":"bronze/a.csv","mtime":1}\n');
  await world.pass();
  await rm(world.path("manifests/processed.jsonl"));
  await world.put("a.csv", rows(4), { mtime: MTIME + 1 });
  await world.pass();
  db.exec("DELETE FROM checkpoints; DELETE FROM files");
  await world.pass();
  const isStopping = () => false;
  const late = () => Date.now() + 3_600_000;
  await syncSettled({
    store: world.store().upkeep,
    settings: world.settings(),
    isStopping,
    clock: late,
    restMs: 0,
  });
  await world.put("b.csv", rows(4));
  await world.write("raw/found.csv", rows(4));
  await world.write("raw/empty.csv", "");
  await world.announce("gone.csv");
  await world.pass();
  await rm(world.path("samples/b_sample.csv"));
  const bootId = "another one";
  const checked = await checkAfterPowerLoss({
    store: world.store(),
    settings: world.settings(),
    bootId,
    isStopping,
  });
  expect(checked).toMatchObject({ redone: 1 });
  expect(retryAfterUpgrade(db, { version: "1", formats: ["csv"] }, Date.now())).toBe(0);
  expect(retryAfterUpgrade(db, { version: "2", formats: ["csv", "text"] }, Date.now())).toBe(1);
  nextRetryOf(db)(Date.now());
}

/** Runs the queries of commands, beside or without a daemon. */
function lookAtAll(db: Db): void {
  const dataset = datasetsOf(db).ensure(DATASET);
  expect([...failedEntries(db, everything)]).toHaveLength(1);
  expect([...failedEntries(db, { ...everything, code: "FILE_MISSING" })]).toHaveLength(1);
  expect([...rejectedLines(db, everything)]).toEqual([]);
  expect(entriesOf(db, "raw/a.csv")).toHaveLength(1);
  expect(nearRaws(db, { raw: "a.csv", count: 5 }).length).toBeGreaterThan(0);
  expect(nearRaws(db, { raw: "raw/b.csv", dataset: DATASET, count: 5 })).not.toEqual([]);
  expect(rawsBeginning(db, { raw: "raw/b", count: 5 })).toHaveLength(1);
  expect(rawsContaining(db, { text: "B.CS", datasets: [DATASET], count: 5 })).toHaveLength(1);
  const acknowledgement = { ...everything, isUndone: false };
  acknowledgeEntries(db, acknowledgement);
  acknowledgeLines(db, acknowledgement, Date.now());
  acknowledgedLinesOf(db, DATASET);
  const audited = auditedOf(db);
  expect(audited.after(dataset, null, 1)).toHaveLength(1);
  expect(audited.orphansAmong(dataset, ["a_sample.csv", "other"])).toEqual(["other"]);
  retryFailures(db, everything, Date.now());
  makeDue(db, { dataset, raws: ["raw/a.csv"], now: Date.now() });
  expect([...listEntries(db, {})].length).toBeGreaterThan(0);
  datasetTotals(db, Date.now());
  failuresByCode(db);
  const failing = [{ dataset: DATASET, failed: 1 }];
  newestFailures(db, failing, { codes: ["FILE_MISSING", "TIMEOUT"], count: 3 });
  expect(countsByCode(db, DATASET)).toEqual([{ code: "FILE_MISSING", entries: 1 }]);
  newestLines(db, 3);
  newestLines(db, 3, DATASET);
  backlogOf(db)(Date.now(), () => true);
  expect(rawsOfSample(db, "a_sample.csv")).toHaveLength(1);
  expect(rawsOfBronze(db, { dataset: DATASET, paths: ["bronze/a.csv"] }).length).toBeGreaterThan(0);
  expect(formatsOf(db)).toContain("csv");
  for (const outcome of [undefined, "sampled", "failed", "pruned", "waiting"] as const) {
    const first = { dataset: DATASET, limit: 1, ...(outcome === undefined ? {} : { outcome }) };
    browse(db, first);
    browse(db, { ...first, after: { at: Date.now(), seq: 0, raw: "raw/a.csv" } });
    neighboursOf(db, { ...first, raw: "raw/a.csv" });
  }
}

/** Runs the statements of `forget`, for a raw and for a whole dataset. */
function forgetAll(db: Db): void {
  const dataset = datasetsOf(db).ensure(DATASET);
  const forgetting = forgettingOf(db);
  const remove = () => undefined;
  expect(forgetting.known(dataset, "raw/a.csv")).toMatchObject({ entries: 1 });
  forgetting.forgetRaw(dataset, "raw/a.csv", { remove, now: Date.now() });
  expect(forgetting.known(dataset).entries).toBeGreaterThan(0);
  while (forgetting.forgetSome(dataset, remove) > 0);
  forgetting.forgetRest(dataset, Date.now());
}

test("what the daemon asks of the cache is found by an index, however many rows there are", async () => {
  await using world = await createWorld(withRetention);
  const db = world.db();
  const noted = noteStatements(db);
  await liveThrough(world, db);
  const scans = [...noted.values()].filter((statement) => scansOf(statement).length > 0);
  expect(scans).toEqual([]);
  db.prepare("SELECT raw FROM files WHERE bronze = ?");
  expect([...noted.values()].flatMap(scansOf), "one without an index is seen").toHaveLength(1);
  const sorted = [...noted.values()].filter(({ plan }) => plan.some((step) => /B-TREE/.test(step)));
  // A dataset has a handful of manifest files; of sorted lines a page is looked at.
  const files = new Set(sorted.map(({ file }) => file));
  expect([...files].toSorted()).toEqual(["checkpoints.ts", "sorted-lines.ts"]);
});

test("of the commands, those that show everything look at everything, and no other", async () => {
  await using world = await createWorld(withRetention);
  const db = world.db();
  const noted = noteStatements(db);
  await liveThrough(world, db);
  lookAtAll(db);
  forgetAll(db);
  const scans = [...noted.values()].filter((statement) => scansOf(statement).length > 0);
  expect(scans.map(({ file, sql }) => `${file}: ${sql.slice(0, 40)}`)).toEqual([
    // `search`, of names alone.
    "queries/raws-containing.ts: SELECT d.name AS dataset, n.raw FROM dat",
    // Of what waits, and of nothing else.
    "queries/totals.ts: WITH total AS ( SELECT dataset, sum(n) A",
    // The progress bar of `run --once`.
    "queries/backlog.ts: SELECT dataset, count(*) AS entries, min",
    // `show` of a path that is neither raw nor sample.
    "queries/bronze.ts: SELECT d.name AS dataset, f.raw FROM dat",
    // `list --format` where nothing was found.
    "queries/list.ts: SELECT DISTINCT format FROM files WHERE ",
    // How much of a dataset `forget` is about to forget.
    "forget.ts: SELECT count(*) AS entries, count(sample",
  ]);
  const files = globSync("**/*.ts", { cwd: cacheFolder, exclude: ["staging", "search"] }).filter(
    (name) => /\bprepare\b/.test(readFileSync(join(cacheFolder, name), "utf8")),
  );
  // The lock is another database, of one row, and a set of paths is one in a temporary file; tables
  // are read by `migrate`: see below.
  const seen = new Set([...noted.values()].map(({ file }) => file));
  const unseen = files.filter((name) => !seen.has(name));
  expect(unseen, "statements that no test above has prepared").toEqual([
    "lock.ts",
    "path-set.ts",
    "tables.ts",
  ]);
});

test("of each table that is migrated, the rows after a key are found by that", async () => {
  await using world = await createWorld();
  await world.put("a.csv", "a\n1\n");
  await world.pass();
  const db = world.db();
  const noted = noteStatements(db);
  const source = cacheTables(db, world.state);
  for (const table of tables) {
    const first = { integer: 0, real: 0, boolean: false, text: "", directory: "", path: "" };
    const key = table.key.map((column) => first[table.columns[column] as Kind]);
    await source.rowsAfter(table, key, 10);
  }
  expect(noted.size).toBe(tables.length);
  for (const { plan } of noted.values())
    expect(plan).toEqual([expect.stringMatching(/^SEARCH \w+ USING .*>/)]);
});

test("40,000 rows at once take the same statements as one: none has a parameter for each", async () => {
  await using world = await createWorld();
  const db = world.db();
  const noted = noteStatements(db);
  const dataset = datasetsOf(db).ensure(DATASET);
  const accept = acceptOf(db);
  const take = async (count: number) => {
    const raws = Array.from({ length: count }, (_, i) => `${i}.csv`);
    const entries = raws.map((raw) => ({ raw, bronze: "bronze/a.csv", mtime: MTIME }));
    const accepted = accept(
      dataset,
      { dataset: DATASET, entries, rejected: [], checkpoints: [], expectedFor: namedAs },
      1000,
    );
    const lines = sortedLinesOf(db, dataset);
    await lines.add(entries);
    const again = (await allOf(lines.pages())).reduce((sum, page) => sum + page.length, 0);
    await lines.end();
    return { ...accepted, again, due: makeDue(db, { dataset, raws, now: 1000 }) };
  };
  expect(await take(1)).toMatchObject({ superseded: 0, again: 1, due: 1 });
  const few = [...noted.keys()];
  expect(await take(MANY)).toMatchObject({ superseded: 1, again: MANY, due: MANY });
  expect([...noted.keys()]).toEqual(few);
  expect(backlogOf(db)(1000, () => true).entries).toBe(MANY);
});

test("of what staging asks of its database, only lists look at everything", () => {
  const db = new Database(":memory:");
  for (const migration of stagingMigrations) db.exec(migration);
  const noted = noteStatements(db);
  const write = groupWrites(db);
  stagedFiles(db, write);
  leases(db, write);
  runs(db);
  expect(noted.size).toBeGreaterThan(15);
  const scans = [...noted.values()].filter((statement) => scansOf(statement).length > 0);
  expect(scans.map(({ file, sql }) => `${file}: ${sql.slice(0, 40)}`)).toEqual([
    "staging/files.ts: SELECT sha256, bytes, used_at AS usedAt,",
  ]);
  const sorted = [...noted.values()].filter(({ plan }) => plan.some((step) => /B-TREE/.test(step)));
  expect(sorted.map(({ file }) => file)).toEqual(["staging/runs.ts"]);
  db.close();
});
