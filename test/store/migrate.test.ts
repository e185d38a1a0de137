import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyAll } from "../../src/store/copy/copy.ts";
import { columnsOf, tables } from "../../src/store/copy/tables.ts";
import { migrate } from "../../src/store/migrate.ts";
import { createSortedLines, openStore, openStoreToRead, takeLock } from "../../src/store/open.ts";
import { connect } from "../../src/store/postgres/connect.ts";
import { storeToWork } from "../../src/store/postgres/stores.ts";
import { openCacheTables, openCacheToFill } from "../../src/store/sqlite/migrate.ts";
import { closeCache, openCacheToChange, openCacheToRead } from "../../src/store/sqlite/open.ts";
import { migrations } from "../../src/store/sqlite/schema.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { comparable } from "./alike/comparable.ts";
import { createPlayer, type Player } from "./alike/player.ts";
import { anySteps } from "./alike/steps.ts";
import { SAMPLED } from "../helpers/sampled.ts";

const RUNS = Number(process.env["MIGRATE_RUNS"] ?? 5);
const SEED = Number(process.env["MIGRATE_SEED"] ?? 1);
const MS_EACH = 20_000;
/** A file system in memory where there is one. */
const MEMORY = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const noRows = (): void => {};

describe.skipIf(whyNoPostgres !== undefined)("migrating", () => {
  let server: Postgres;
  let root: string;
  let count = 0;
  beforeAll(async () => {
    root = mkdtempSync(join(MEMORY, "sampler-migrate-"));
    server = await startPostgres();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    rmSync(root, { recursive: true });
  });
  const newState = () => join(root, `state-${(count += 1)}`);

  test("both kinds of store have the tables that are copied, and no others with what is known", async () => {
    const state = newState();
    await (await openStore({ state })).store.close();
    const url = await server.database();
    await (await storeToWork({ url, state, createSortedLines }, false)).close();
    const known = new Map(tables.map((table) => [table.name, columnsOf(table).toSorted()]));

    const cache = openCacheToRead(state);
    const inCache = cache
      .prepare<[], { name: string; column: string }>(
        `SELECT t.name, c.name AS "column" FROM sqlite_schema AS t, pragma_table_info(t.name) AS c
         WHERE t.type = 'table'`,
      )
      .all();
    cache.close();
    const ofCache = Map.groupBy(inCache, ({ name }) => name);
    expect([...ofCache.keys()].toSorted()).toEqual([...known.keys(), "facts"].toSorted());
    for (const [name, columns] of known) {
      const found = ofCache.get(name)?.map(({ column }) => column) ?? [];
      expect([name, columns.filter((each) => each !== "is_folded")]).toEqual([
        name,
        found.toSorted(),
      ]);
    }

    const db = connect(url);
    const inDatabase = await db.all<{ name: string; column: string }>(
      `SELECT table_name AS name, column_name AS "column" FROM information_schema.columns
       WHERE table_schema = 'staging_sampler' AND is_generated = 'NEVER'`,
    );
    await db.close();
    const ofDatabase = Map.groupBy(inDatabase, ({ name }) => name);
    expect([...ofDatabase.keys()].toSorted()).toEqual(
      [...known.keys(), "facts", "hosts"].toSorted(),
    );
    for (const [name, columns] of known) {
      const found = ofDatabase.get(name)?.map(({ column }) => column) ?? [];
      const more = name === "unsynced" ? ["host"] : [];
      expect([name, [...columns, ...more].toSorted()]).toEqual([name, found.toSorted()]);
    }
  });

  test(
    "whatever was done before, all is known afterwards, there and back, and goes on the same",
    { timeout: 60_000 + RUNS * MS_EACH },
    async () => {
      const property = fc.asyncProperty(anySteps(60), anySteps(30), async (before, after) => {
        const [state, copy] = [newState(), newState()];
        const { store: cache } = await openStore({ state });
        const player = createPlayer(cache);
        for (const step of before) await player.take(step).catch(() => undefined);
        await cache.close();
        const url = await server.database();
        const there = await migrate({ state, database: url, to: "database", onRows: noRows });
        const back = await migrate({ state: copy, database: url, to: "cache", onRows: noRows });
        expect(back).toMatchObject({ entries: there.entries, rows: there.rows, keptAs: null });
        expect(readdirSync(copy).filter((name) => name.startsWith("cache"))).toEqual(["cache.db"]);

        const stores = await Promise.all([
          openStore({ state: copy }).then((opened) => opened.store),
          storeToWork({ url, state, createSortedLines }, false),
        ]);
        try {
          const players = stores.map(createPlayer) as [Player, Player];
          for (const step of [{ do: "query" }, ...after, { do: "query" }] as const) {
            const [one, other] = await Promise.allSettled(players.map((each) => each.take(step)));
            expect([step, comparable(other)]).toEqual([step, comparable(one)]);
          }
        } finally {
          for (const store of stores) await store.close();
        }
      });
      await fc.assert(property, { numRuns: RUNS, seed: SEED });
    },
  );

  test("one that ended early goes on, and compares what it had copied before", async () => {
    const [state, copy] = [newState(), newState()];
    await fill(state, 2500);
    const from = openCacheTables(state);
    const first = openCacheToFill(copy);
    const broken = copyAll(from, { ...first, add: failingAfter(first.add, 3) }, noRows);
    await expect(broken).rejects.toThrow("the power is gone");
    await first.close();
    expect(existsSync(join(copy, "cache.db"))).toBe(false);
    // What is known has changed since, in what was copied.
    await from.close();
    await settleOne(state);
    const again = openCacheTables(state);
    const second = openCacheToFill(copy);
    let rows = 0;
    await copyAll(again, second, (more) => (rows += more));
    await second.close();
    await again.close();
    await expectEqual(state, copy);
    expect(rows).toBeGreaterThan(2500);
  });

  test("one that ended before the cache had its other name, or its name, is only ended", async () => {
    const [state, back] = [newState(), newState()];
    await fill(state, 10);
    const place = { state, database: await server.database() };
    const first = await migrate({ ...place, to: "database", onRows: noRows });
    renameSync(first.keptAs as string, join(state, "cache.db"));
    const again = await migrate({ ...place, to: "database", onRows: noRows });
    expect(again.rows).toBe(first.rows);
    expect(existsSync(join(state, "cache.db"))).toBe(false);

    const from = { ...place, state: back, to: "cache" } as const;
    await migrate({ ...from, onRows: noRows });
    renameSync(join(back, "cache.db"), join(back, "cache.db.migrating"));
    // A new cache, of receipts, would take its place.
    const partly = /cache\.db\.migrating is a part of a cache: run `migrate --from` again/;
    await expect(openStore({ state: back })).rejects.toThrow(partly);
    await migrate({ ...from, onRows: noRows });
    await expectEqual(stateOf(again.keptAs as string), back);
  });

  test("a cache of an earlier version is brought to this one; a damaged one is left as it is", async () => {
    const [older, cut] = [newState(), newState()];
    await fill(older, 3);
    const db = openCacheToChange(older);
    db.exec("ALTER TABLE files DROP COLUMN mask; ALTER TABLE datasets DROP COLUMN mask");
    db.pragma(`user_version = ${migrations.length - 1}`);
    closeCache(db);
    const database = await server.database();
    const done = await migrate({ state: older, database, to: "database", onRows: noRows });
    expect(done.entries).toBe(3);
    await fill(cut, 3);
    truncateSync(join(cut, "cache.db"), 0);
    const asked = migrate({ state: cut, database, to: "database", onRows: noRows });
    await expect(asked).rejects.toThrow(/cut to 0 bytes; the next start makes a new one/);
    expect(readdirSync(cut).filter((name) => name.startsWith("cache"))).toEqual(["cache.db"]);
  });

  test("a database that has only a part is opened by nobody; migrating again goes on with it", async () => {
    const state = newState();
    await fill(state, 10);
    const url = await server.database();
    const place = { state, database: url };
    await (await storeToWork({ url, state, createSortedLines }, false)).close();
    const db = connect(url);
    const note = { from: join(state, "cache.db"), table: "datasets", after: null };
    await db.run("INSERT INTO facts (key, value) VALUES ('migration', $1)", [JSON.stringify(note)]);
    const partly = /has only a part .* run `migrate --to` again/;
    await expect(openStore(place)).rejects.toThrow(partly);
    await expect(openStoreToRead(place)).rejects.toThrow(partly);
    const other = newState();
    await fill(other, 1);
    const asked = migrate({ ...place, state: other, to: "database", onRows: noRows });
    await expect(asked).rejects.toThrow(/has a part of .*: migrate that one, or remove/);
    expect(existsSync(join(other, "cache.db"))).toBe(true);
    const done = await migrate({ ...place, to: "database", onRows: noRows });
    expect(done.entries).toBe(10);
    expect(existsSync(join(state, "cache.db"))).toBe(false);
    expect(existsSync(done.keptAs ?? "")).toBe(true);
    await using store = await openStoreToRead(place);
    expect(await store.queries.totals(1)).toMatchObject([{ entries: 10 }]);
    await db.close();
  });

  test("nothing is added to what knows of something already, nor while somebody works on it", async () => {
    const state = newState();
    await fill(state, 2);
    const url = await server.database();
    const place = { state, database: url };
    const to = (database: "database" | "cache") =>
      migrate({ ...place, to: database, onRows: noRows });
    await expect(to("cache")).rejects.toThrow("no tables in ");
    const lock = await takeLock({ state: newState(), database: url }, { isShared: true });
    await expect(to("database")).rejects.toMatchObject({ code: "ALREADY_RUNNING" });
    await lock.release();
    await to("database");
    await fill(state, 3);
    await expect(to("database")).rejects.toThrow(/knows of files already.*DROP SCHEMA/);
    await expect(to("cache")).rejects.toThrow(/there is a cache at .*: move it away/);
  });
});

/** The state directory in which a retired cache is the cache again. */
function stateOf(retired: string): string {
  const state = dirname(retired);
  renameSync(retired, join(state, "cache.db"));
  return state;
}

/** Fails as a power loss does, after some calls. */
function failingAfter<A extends readonly unknown[]>(
  work: (...args: A) => Promise<void>,
  calls: number,
): (...args: A) => Promise<void> {
  let left = calls;
  return async (...args) => {
    left -= 1;
    if (left < 0) throw new Error("the power is gone");
    await work(...args);
  };
}

const DATASET = "acme/orders/v1";

/** Has the cache of a state directory know of some files that are due. */
async function fill(state: string, files: number): Promise<void> {
  const { store } = await openStore({ state });
  await store.ingest.know(DATASET);
  const entries = Array.from({ length: files }, (_, i) => ({
    raw: `${i}.csv`,
    bronze: `bronze/${i}.csv`,
    mtime: 1.5,
  }));
  const expectedFor = (raw: string) => ({
    names: { plain: raw, ifTaken: () => `other-${raw}` },
    extension: null,
  });
  const batch = { dataset: DATASET, entries, rejected: [], checkpoints: [], expectedFor };
  await store.ingest.accept(batch, 1);
  await store.close();
}

async function settleOne(state: string): Promise<void> {
  const { store } = await openStore({ state });
  const options = { limit: 1, order: "oldest", now: 2, isFirst: true, skips: () => false } as const;
  const claims = await store.drain.claim({ ...options, isBusy: () => false, busyCount: () => 0 });
  await store.drain.settle(
    claims.map((claim) => ({ claim, outcome: SAMPLED, nextAt: null })),
    3,
  );
  await store.close();
}

/** Each table has the same rows. */
async function expectEqual(state: string, other: string): Promise<void> {
  const [one, two] = [openCacheTables(state), openCacheTables(other)];
  for (const table of tables) {
    const rows = await one.rowsAfter(table, undefined, 100_000);
    expect([table.name, await two.rowsAfter(table, undefined, 100_000)]).toEqual([
      table.name,
      rows,
    ]);
  }
  await one.close();
  await two.close();
}
