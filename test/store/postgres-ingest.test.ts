import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { joinNames } from "../../src/raw/names.ts";
import { createSortedLines } from "../../src/store/open.ts";
import type { Db } from "../../src/store/postgres/connect.ts";
import { ingestStore } from "../../src/store/postgres/ingest-store.ts";
import { rename } from "../../src/store/postgres/names.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { rawStore } from "../../src/store/postgres/raw-store.ts";
import { ingestStore as cacheIngestStore } from "../../src/store/sqlite/ingest-store.ts";
import { renameOf } from "../../src/store/sqlite/names.ts";
import type { Db as Cache } from "../../src/store/sqlite/open.ts";
import { rawStore as cacheRawStore } from "../../src/store/sqlite/raw-store.ts";
import type { IngestStore, Names, Rebuild } from "../../src/store/ingest-store.ts";
import type { RawStore } from "../../src/store/raw-store.ts";
import type { ForgottenReceipt, Remembered } from "../../src/store/remembered.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { expectSameTables } from "../helpers/same-tables.ts";
import { createWorld, DATASET } from "../helpers/world.ts";

/** A store under test. */
interface Tested {
  readonly ingest: IngestStore;
  readonly raw: RawStore;
  readonly rebuild: Rebuild;
  rename(raw: string, names: Names): Promise<string>;
  /** Executes a statement that both databases know. */
  change(statement: string): Promise<void>;
}

/** One call, which leads to the same result and the same rows in both. */
type Step = (store: Tested, now: number) => Promise<unknown>;

/** Calls with arguments that are shown where one fails. */
function calls<T>(given: fc.Arbitrary<T>, call: (given: T) => Step): fc.Arbitrary<Step> {
  return given.map((value) =>
    Object.assign(call(value), { [fc.toStringMethod]: () => fc.stringify(value) }),
  );
}

const raw = fc.constantFrom(
  "a1",
  "b1",
  "A1",
  "a2",
  "b2",
  "d/a",
  "d/b",
  "d/c",
  "d/\udcff.csv",
  "xQ",
  "xq",
);
const mtime = fc.nat(3);
const settledAt = fc.nat(6).map((n) => n * 10);

function namesOf(path: string, foldsCase: boolean): Names {
  return { plain: path.slice(1), ifTaken: () => `${[...path].map(codeOf).join("-")}~`, foldsCase };
}

function codeOf(character: string): string {
  return `${character.codePointAt(0)}`;
}

const expectedFor = (path: string, foldsCase = false) => ({
  names: namesOf(path, foldsCase),
  extension: path.startsWith("a") ? ".x" : null,
});

const lines = calls(
  fc.record({
    foldsCase: fc.boolean(),
    entries: fc.array(fc.record({ raw, bronze: raw, mtime }), { maxLength: 8 }),
    rejected: fc.array(
      fc.record({
        path: fc.constant("processed.jsonl"),
        line: fc.nat(1),
        offset: fc.nat(1),
        reason: fc.constantFrom("no JSON", "no raw"),
      }),
      { maxLength: 4 },
    ),
    checkpoints: fc.array(
      fc.record({
        file: fc.constantFrom("1", "2", "10"),
        path: fc.constant("processed.jsonl"),
        offset: fc.nat(100),
        line: fc.nat(9),
        hash: fc.constant("h"),
        retiredAt: fc.option(fc.nat(2)),
      }),
      { maxLength: 3 },
    ),
  }),
  ({ foldsCase, ...batch }): Step =>
    ({ ingest }, now) => {
      const expected = (path: string) => expectedFor(path, foldsCase);
      return ingest.accept({ dataset: DATASET, ...batch, expectedFor: expected }, now);
    },
);

const found = calls(
  fc.record({
    came: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("a", "b", "c", "\udcff.csv"),
        mtime,
        size: fc.nat(2),
        inode: fc.constantFrom("1", "2"),
        seen: fc.constantFrom("x", "y"),
        rests: fc.boolean(),
      }),
      { selector: ({ name }) => name },
    ),
    gone: fc.subarray(["a", "b", "c"]),
    names: fc.option(fc.subarray(["a", "b", "c", "\udcff.csv"]), { nil: undefined }),
    directories: fc.subarray(["d", "e"]),
    isEnd: fc.boolean(),
    quietSeconds: fc.constantFrom(0, 3),
  }),
  ({ came, gone, names, directories, isEnd, quietSeconds }): Step =>
    ({ raw: store }, now) => {
      const end = {
        directory: { path: "d", state: "s", listedAt: now - 500 },
        ...(names === undefined ? {} : { names: joinNames(names) }),
        gone: gone.filter((name) => came.every((file) => file.name !== name)),
        directories,
        count: came.length,
        unnamed: 0,
      };
      const pages = [
        { path: "d", came, ...(isEnd ? { end } : {}) },
        { path: "e", came: came.slice(1), end: { ...end, gone: [], directories: [] } },
      ];
      return store.take({ dataset: DATASET, pages, quietSeconds, expectedFor }, now);
    },
);

const remembered: fc.Arbitrary<Remembered> = fc.record({
  raw,
  bronze: raw,
  mtime,
  outcome: fc.constantFrom("sampled", "pruned", "failed"),
  sample: fc.option(fc.constantFrom("1", "2", "other"), { freq: 9 }),
  extension: fc.option(fc.constant(".x")),
  format: fc.option(fc.constantFrom("csv", "metadata")),
  rows: fc.option(fc.nat(3)),
  bytes: fc.option(fc.nat(3)),
  sourceSize: fc.option(fc.nat(3)),
  from: fc.constantFrom("raw", null),
  inode: fc.option(fc.constant("1")),
  validation: fc.option(fc.constantFrom("passed", "failed")),
  mask: fc.option(fc.constant("m")),
  code: fc.option(fc.constant("TIMEOUT")),
  message: fc.option(fc.constant("late")),
  settledAt,
});

const forgotten: fc.Arbitrary<ForgottenReceipt> = fc.record({
  outcome: fc.constant("forgotten"),
  entry: fc.option(fc.record({ raw, mtime }), { freq: 9 }),
  settledAt,
});

const receipts = calls(
  fc.array(fc.oneof({ weight: 4, arbitrary: remembered }, forgotten), { maxLength: 12 }),
  (some): Step =>
    ({ rebuild }) =>
      rebuild(some),
);

const renamed = calls(
  fc.tuple(raw, raw, fc.boolean()),
  ([from, to, foldsCase]): Step =>
    (store) =>
      store.rename(from, { ...namesOf(from, foldsCase), plain: to.toWellFormed() }),
);

const others: fc.Arbitrary<Step> = fc.constantFrom<Step>(
  ({ raw: store }, now) => store.removeDirectory(DATASET, "d", now),
  ({ ingest }) => ingest.forgetRejected(DATASET),
  ({ ingest }) => ingest.endRejected(DATASET),
  ({ ingest }) => ingest.removeCheckpoint(DATASET, "1"),
  ({ ingest }) => ingest.putTogether(DATASET, { file: "1", offset: 5, hash: "h" }),
  ({ ingest }) => ingest.isScattered(DATASET, [{ raw: "A", bronze: "A", mtime: 1 }]),
  (store) => store.change("UPDATE rejected SET acknowledged_at = 5 WHERE line = 1"),
  (store) =>
    store.change(
      `UPDATE files SET outcome = 'sampled', done_mtime = mtime, next_at = NULL, settled_at = 25,
         source_size = 1 WHERE mtime = 1`,
    ),
  (store) =>
    store.change(
      `UPDATE files SET outcome = 'failed', done_mtime = mtime, next_at = 7, attempts = 1,
         failed_at = 3, settled_at = 35 WHERE mtime = 2`,
    ),
  async (store) => {
    await store.change(
      `INSERT INTO forgotten (dataset, raw, mtime, at)
       SELECT dataset, raw, mtime, 45 FROM files WHERE mtime = 3 ON CONFLICT DO NOTHING`,
    );
    await store.change("DELETE FROM files WHERE mtime = 3");
  },
);

const steps = fc.array(fc.oneof(lines, found, receipts, renamed, others), {
  minLength: 3,
  maxLength: 12,
});

describe.skipIf(whyNoPostgres !== undefined)("PostgreSQL beside SQLite", () => {
  let server: Postgres;
  let db: Db;
  beforeAll(async () => {
    server = await startPostgres();
    db = await openDatabase(await server.database("ingest"));
  });
  afterAll(async () => {
    await db.close();
    await server[Symbol.asyncDispose]();
  });

  test("whatever is taken in, the same rows are there and the same results", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        await using world = await createWorld();
        const cache = world.db();
        await emptied(db);
        const [sqlite, postgres] = [await inCache(cache), await inDatabase(db)];
        for (const [i, step] of all.entries()) {
          const now = 1000 * (i + 1);
          const expected = await step(sqlite, now).catch(messageOf);
          expect(await step(postgres, now).catch(messageOf)).toEqual(expected);
          for (const read of reads) expect(await read(postgres)).toEqual(await read(sqlite));
        }
        await expectSameTables(cache, db);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

const reads: readonly ((store: Tested) => Promise<unknown>)[] = [
  ({ ingest }) => ingest.checkpoints(DATASET),
  ({ ingest }) => ingest.togetherUpTo(DATASET),
  ({ ingest }) => ingest.hasEntries(DATASET),
  ({ ingest }) => ingest.entriesKnown(DATASET),
  ({ raw: store }) => store.directories(DATASET),
  ({ raw: store }) => store.namesIn(DATASET, "d"),
];

function messageOf(error: Error): string {
  return error.message;
}

async function inCache(cache: Cache): Promise<Tested> {
  const ingest = cacheIngestStore(cache);
  await ingest.know(DATASET);
  const renameIt = renameOf(cache);
  return {
    ingest,
    raw: cacheRawStore(cache),
    rebuild: await ingest.rebuild(DATASET),
    rename: async (path, names) => renameIt(1, path, names, null),
    change: async (statement) => void cache.exec(statement),
  };
}

async function inDatabase(sql: Db): Promise<Tested> {
  const ingest = ingestStore(sql, undefined, createSortedLines);
  await ingest.know(DATASET);
  return {
    ingest,
    raw: rawStore(sql),
    rebuild: await ingest.rebuild(DATASET),
    rename: (path, names) => rename(sql, 1, { raw: path, names, extension: null }),
    change: async (statement) => void (await sql.run(statement)),
  };
}

/** Everything begins again, numbers as well. */
async function emptied(sql: Db): Promise<void> {
  const tables = await sql.all<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables
     WHERE schemaname = current_schema() AND tablename <> 'facts'`,
  );
  await sql.run(`TRUNCATE ${tables.map(({ name }) => name).join(", ")} RESTART IDENTITY`);
  await sql.run("ALTER SEQUENCE arrivals RESTART");
}
