import { Failure } from "../../errors.ts";
import { connect, type Db, makeSchema, SCHEMA, type Sql } from "./connect.ts";
import { translated } from "./errors.ts";
import { readHolders } from "./lock.ts";
import { metaOf, setMeta } from "./meta.ts";
import { migrations } from "./schema.ts";
import { shownUrl } from "./shown-url.ts";
import { makeBoss } from "./turns/boss.ts";

/** Number of the advisory lock under which the schema is changed. */
const SCHEMA_LOCK = 7_061_301;

/** Longest time in which pg-boss makes its tables, ms. */
const BOSS_MS = 60_000;

/**
 * Opens a database for work; makes its tables, or brings them to this version where no other host
 * works on them. @throws Failure CACHE_UNUSABLE
 */
export async function openDatabase(url: string): Promise<Db> {
  const db = await openToFill(url);
  await orClosed(db, url, () => checkWhole(db, url));
  return db;
}

/** The same, whether or not all of another store has been copied to it. @throws Failure CACHE_UNUSABLE */
export async function openToFill(url: string): Promise<Db> {
  const db = connect(url);
  await orClosed(db, url, () => db.transaction((sql) => migrate(sql, db)));
  return db;
}

/**
 * Opens a database to look, or to change something.
 * @throws Failure CACHE_UNUSABLE; also where its tables are not those of this version
 */
export async function openExisting(url: string): Promise<Db> {
  const db = await openIfAny(url);
  if (db !== undefined) return db;
  const message = `no tables in ${shownUrl(url)}: has the sampler run with this database?`;
  throw new Failure("CACHE_UNUSABLE", message);
}

/** The same; undefined where there are no tables yet. @throws Failure CACHE_UNUSABLE */
export async function openIfAny(url: string): Promise<Db | undefined> {
  const db = connect(url);
  let version = 0;
  await orClosed(db, url, async () => {
    version = await versionOf(db);
    if (version > 0) await checkWhole(db, url);
    if (version === 0 || version === migrations.length) return;
    const message = `${shownUrl(url)} has version ${version}, this program ${migrations.length}`;
    throw new Failure("CACHE_UNUSABLE", `${message}: use the program that the daemon runs`);
  });
  if (version > 0) return db;
  await db.close();
  return undefined;
}

/** Does something with a database, which is closed where that fails. @throws Failure CACHE_UNUSABLE */
export async function orClosed<T>(db: Db, url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await db.close();
    throw translated(shownUrl(url), error);
  }
}

/** Changes the schema, in a transaction for which others wait; pg-boss makes its tables beside it. */
async function migrate(sql: Sql, db: Db): Promise<void> {
  await sql.run("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
  await makeSchema(sql, SCHEMA);
  const version = await versionOf(sql);
  if (version > migrations.length) {
    const message = `its tables have version ${version}, this program ${migrations.length}`;
    throw new Failure("CACHE_UNUSABLE", `${message}: use the newer program on this host, too`);
  }
  if (version === migrations.length) return;
  const [, other] = version === 0 ? [] : await readHolders(sql);
  if (other !== undefined) {
    const message = `its tables have version ${version}, and pid ${other.pid} on ${other.host} works on them`;
    throw new Failure("CACHE_UNUSABLE", `${message}: stop all hosts, then start the new version`);
  }
  for (const migration of migrations.slice(version)) await sql.run(migration);
  await sql.run(`SET LOCAL idle_in_transaction_session_timeout = ${BOSS_MS}`);
  await makeBoss(db);
  await setMeta(sql, "version", String(migrations.length));
}

/** @throws Failure CACHE_UNUSABLE where only a part of another store has been copied to it */
async function checkWhole(sql: Sql, url: string): Promise<void> {
  if ((await metaOf(sql, "migration")) === undefined) return;
  const message = `${shownUrl(url)} has only a part of what it is to have`;
  throw new Failure(
    "CACHE_UNUSABLE",
    `${message}: run \`migrate --to\` again, which goes on with it`,
  );
}

/** The version of the tables; 0 where there are none. */
async function versionOf(sql: Sql): Promise<number> {
  const text = "SELECT to_regclass($1) IS NOT NULL AS is_there";
  const found = await sql.get<{ is_there: boolean }>(text, [`${SCHEMA}.facts`]);
  return found?.is_there === true ? Number((await metaOf(sql, "version")) ?? 0) : 0;
}
