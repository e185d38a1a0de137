import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Client,
  type ClientBase,
  type ClientConfig,
  type CustomTypesConfig,
  Pool,
  type QueryResult,
  types,
} from "pg";
import { isAway, isConflict, translated } from "./errors.ts";
import { textOf } from "../paths.ts";
import { shownUrl } from "./shown-url.ts";

/** Asks the database; results are rows of plain data: times and counts are numbers, paths bytes. */
export interface Sql {
  /** All rows of a statement's result. */
  all<Row>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Its first row; undefined where there is none. */
  get<Row>(text: string, values?: readonly unknown[]): Promise<Row | undefined>;
  /** Its number of rows that were written, or read. */
  run(text: string, values?: readonly unknown[]): Promise<number>;
  /** The driver's own result, which has that of each statement where there are several. */
  ask(text: string, values?: readonly unknown[]): Promise<QueryResult>;
}

/** An open database: each statement is a transaction of its own. */
export interface Db extends Sql {
  /**
   * Does something in one transaction, and again where another transaction got in its way: apart
   * from what it asks the database, `work` must be able to run twice. Transactions wait for each
   * other's rows; so that none waits in a circle, each takes its turns first, then rows of `files` in the order of
   * (dataset, raw), then names, then counts of outcomes, verdicts and the rest, in the order of
   * their keys.
   */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Number of statements so far: each goes to the server and back. */
  statements(): number;
  close(): Promise<void>;
}

/** One connection that stays. */
export interface Session extends Sql {
  isAlive(): Promise<boolean>;
  close(): Promise<void>;
}

/** Schema of our tables. */
export const SCHEMA = "staging_sampler";

/** Setting of each connection: the store that it belongs to, so that it can tell its own writes. */
export const STORE = `${SCHEMA}.store`;

/** Connections of a process: passes, syncing, looks and commands ask at the same time. */
const MOST_CONNECTIONS = 4;
/** Longest wait for a connection, ms. */
const CONNECT_MS = 10_000;
/** Longest time of one statement, ms: looking at a million rows takes about one second. */
const STATEMENT_MS = 50_000;
/** Time after which the server counts as gone that does not even end a statement in time, ms. */
const ANSWER_MS = 60_000;
/** Time after which the server ends a transaction whose client is gone, ms. It holds row locks until then. */
const IDLE_MS = 5000;
/** Times that a transaction is begun, at most. */
const MOST_TRIES = 10;

/** Types whose values we take as numbers: all counts and times lie below 2^53. */
const { INT8, NUMERIC } = types.builtins;
const ourTypes: CustomTypesConfig = {
  getTypeParser: ((type: number, format: "text" | "binary" | undefined) =>
    type === INT8 || type === NUMERIC
      ? Number
      : types.getTypeParser(type, format as "text")) as typeof types.getTypeParser,
};

/** Connects to a database, on the first statement. `url` is `postgresql://user@host/database`. */
export function connect(url: string): Db {
  const pool = new Pool({
    ...settingsFor(url, "staging-sampler"),
    max: MOST_CONNECTIONS,
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody uses it: the next statement takes another one.
  pool.on("error", () => {});
  let statements = 0;
  const onAsk = (): void => void (statements += 1);
  return {
    ...sqlOf(pool, onAsk),
    transaction: (work) => inTransaction(pool, work, onAsk),
    statements: () => statements,
    close: () => pool.end(),
  };
}

/** The server ends a session whose client it has not heard of for 5 s, and then not for 2 s three times. */
const KEEPALIVES = { tcp_keepalives_idle: 5, tcp_keepalives_interval: 2, tcp_keepalives_count: 3 };
/**
 * Every statement is made for an index, in whose order pages come. The planner may take all rows, or a bitmap, for
 * cheaper: it would read and sort the rest of a dataset for each page. To compile a statement takes
 * longer than any of ours.
 */
const PLANS = { enable_seqscan: "off", enable_bitmapscan: "off", jit: "off" };
/** Longest time that closing a session waits for the server, ms. */
const CLOSE_MS = 1000;

/** Connects a session of its own; `name` is how the server's lists show it. @throws Failure CACHE_UNUSABLE */
export async function connectOnce(url: string, name = "staging-sampler"): Promise<Session> {
  let client: Client;
  try {
    // Reads the certificates that the URL names.
    client = new Client(settingsFor(url, name));
    // It is found to be broken when it is asked next.
    client.on("error", () => {});
    await client.connect();
  } catch (error) {
    throw translated(shownUrl(url), error);
  }
  const sql = sqlOf(client);
  return {
    ...sql,
    isAlive: () =>
      sql.all("SELECT 1").then(
        () => true,
        () => false,
      ),
    // One that is cut off gets no answer.
    close: () => Promise.race([client.end(), sleep(CLOSE_MS, undefined, { ref: false })]),
  };
}

/** Channel on which processes tell of work that may be for others. */
export const CHANNEL = "staging_sampler";

/** Tells all hosts, when a transaction ends, that there may be something to do. */
export async function tellAll(sql: Sql): Promise<void> {
  await sql.all(`SELECT pg_notify('${CHANNEL}', '')`);
}

/** Makes a schema where it is missing. */
export async function makeSchema(sql: Sql, name: string): Promise<void> {
  // IF NOT EXISTS would ask for the right to make it also where it is there.
  const found = await sql.get<{ name: string | null }>("SELECT to_regnamespace($1) AS name", [
    name,
  ]);
  if (found?.name === null) await sql.run(`CREATE SCHEMA ${name}`);
}

/** A connection that hears what is told on a channel, until it is closed. */
export interface Ear {
  close(): Promise<void>;
}

/** Time until a connection that broke is made again, ms. */
const LISTEN_AGAIN_MS = 1000;

/** Listens to a channel. A connection that breaks is made again; what was told meanwhile is not heard. */
export async function listen(url: string, channel: string, onTold: () => void): Promise<Ear> {
  let client: Client;
  let again: NodeJS.Timeout | undefined;
  let isClosed = false;
  await begin();
  return {
    async close() {
      isClosed = true;
      clearTimeout(again);
      await Promise.race([client.end(), sleep(CLOSE_MS, undefined, { ref: false })]);
    },
  };

  async function begin(): Promise<void> {
    client = new Client(settingsFor(url, "staging-sampler"));
    client
      .on("error", () => {})
      .on("notification", onTold)
      .on("end", retry);
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch {
      retry();
    }
  }

  function retry(): void {
    if (isClosed) return;
    clearTimeout(again);
    again = setTimeout(() => void begin(), LISTEN_AGAIN_MS);
  }
}

function settingsFor(url: string, name: string): ClientConfig {
  return {
    connectionString: url,
    types: ourTypes,
    application_name: name,
    options: Object.entries({ search_path: SCHEMA, [STORE]: randomUUID(), ...KEEPALIVES, ...PLANS })
      .map(([key, value]) => `-c ${key}=${value}`)
      .join(" "),
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    idle_in_transaction_session_timeout: IDLE_MS,
    keepAlive: true,
  };
}

function sqlOf(client: Pick<ClientBase, "query">, onAsk: () => void = () => {}): Sql {
  const query = (text: string, values: readonly unknown[] = []) => {
    onAsk();
    return client.query(text, values.map(asValue));
  };
  return {
    all: async <Row>(text: string, values?: readonly unknown[]) =>
      (await query(text, values)).rows as Row[],
    get: async <Row>(text: string, values?: readonly unknown[]) =>
      (await query(text, values)).rows[0] as Row | undefined,
    run: async (text, values) => (await query(text, values)).rowCount ?? 0,
    ask: query,
  };
}

/** What no column can hold is asked for as what none of them holds. */
function asValue(value: unknown): unknown {
  return typeof value === "string" ? textOf(value) : value;
}

async function inTransaction<T>(
  pool: Pool,
  work: (sql: Sql) => Promise<T>,
  onAsk: () => void,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    const client = await pool.connect();
    const sql = sqlOf(client, onAsk);
    let broken: Error | undefined;
    try {
      await sql.run("BEGIN");
      const result = await work(sql);
      await sql.run("COMMIT");
      return result;
    } catch (error) {
      if (isAway(error)) broken = error as Error;
      else await sql.run("ROLLBACK").catch((cause: Error) => (broken = cause));
      if (!isConflict(error) || tries === MOST_TRIES) throw error;
    } finally {
      client.release(broken);
    }
  }
}
