import { type ConstructorOptions, PgBoss } from "pg-boss";
import { type Db, makeSchema, type Sql } from "../connect.ts";
import { isAway } from "../errors.ts";
import { LANES } from "./lanes.ts";

/** Time after the last sign of life from which a turn is given to another host, s. */
const HEARTBEAT_S = 10;
/** Longest time of one turn, s: hosts give theirs back long before. */
const LONGEST_S = 24 * 3600 - 1;
/** A turn that nobody ended is handed out again, however often that was so. */
const RETRIES = 2 ** 31 - 1;
const QUEUE = "turns";
const SCHEMA = "staging_sampler_turns";

/** A turn as it was handed out: the same turn that is handed out once more is another one. */
export interface Turn {
  readonly id: string;
  readonly retryCount: number;
  readonly lane: number;
}

/** The turns that are waiting to be taken; pg-boss hands them out, each to one host at a time. */
export interface Boss {
  /** Takes turns that nobody has, at most `count`. */
  take(count: number): Promise<readonly Turn[]>;
  /** A sign of life: returns those of these turns that are still ours. */
  touch<T extends Turn>(turns: readonly T[]): Promise<readonly T[]>;
  /**
   * Returns those of these turns that are still ours, and stay so until the transaction ends. Writes
   * nothing: signs of life for each batch would leave more dead rows than the batch itself.
   */
  hold<T extends Turn>(turns: readonly T[], sql: Sql): Promise<readonly T[]>;
  /** Gives turns back that are over. */
  giveBack(turns: readonly Turn[]): Promise<void>;
  /** Ends turns of a process that is gone: others need not wait until its signs of life are missed. */
  free(turns: readonly Turn[]): Promise<void>;
  /** Has the turns of hosts that died be handed out again. To be called each second, by one of the hosts. */
  supervise(): Promise<void>;
  /** The last error in the background since the last call; a database that is away is none. */
  fault(): unknown;
  stop(): Promise<void>;
}

/** Settings of pg-boss: it does nothing by itself. `supervise` has it look for dead holders. */
const OPTIONS = {
  schema: SCHEMA,
  createSchema: false,
  schedule: false,
  supervise: false,
  monitorIntervalSeconds: 1,
  maintenanceIntervalSeconds: 60,
  reindex: false,
} satisfies ConstructorOptions;

/** Makes pg-boss's tables, and the turns, where they are missing. Nobody may work meanwhile. */
export async function makeBoss(db: Db): Promise<void> {
  await makeSchema(db, SCHEMA);
  const boss = bossOn(db, OPTIONS);
  await boss.start();
  try {
    await boss.createQueue(QUEUE, {
      policy: "exclusive",
      heartbeatSeconds: HEARTBEAT_S,
      expireInSeconds: LONGEST_S,
      retryLimit: RETRIES,
      retryDelay: 0,
      deleteAfterSeconds: 30,
    });
    await insert(
      boss,
      Array.from({ length: LANES }, (_, lane) => lane),
    );
  } finally {
    await boss.stop({ graceful: false });
  }
}

/** Starts pg-boss on tables that are there. */
export async function startBoss(db: Db): Promise<Boss> {
  const boss = bossOn(db, { ...OPTIONS, migrate: false });
  let fault: unknown;
  // It tells of an error in a plain object.
  boss.on("error", (told) => {
    const error = Object.assign(new Error(told.message), told);
    if (!isAway(error)) fault = error;
  });
  await boss.start();
  return {
    fault() {
      const last = fault;
      fault = undefined;
      return last;
    },
    async take(count) {
      const jobs = await boss.fetch<{ lane: number }>(QUEUE, {
        batchSize: count,
        includeMetadata: true,
      });
      return jobs.map(({ id, retryCount, data }) => ({ id, retryCount, lane: data.lane }));
    },
    async touch(turns) {
      if (turns.length === 0) return [];
      return settledAmong(turns, await boss.touch(QUEUE, attempts(turns)));
    },
    async hold(turns, sql) {
      if (turns.length === 0) return [];
      // In the order in which signs of life take them. Handing one out again waits for this lock.
      const rows = await sql.all<{ id: string; retryCount: number }>(
        `SELECT id, retry_count AS "retryCount" FROM ${SCHEMA}.job
         WHERE name = $1 AND id = ANY ($2::uuid[]) AND state = 'active' ORDER BY id FOR SHARE`,
        [QUEUE, turns.map(({ id }) => id)],
      );
      const counts = new Map(rows.map(({ id, retryCount }) => [id, retryCount]));
      return turns.filter(({ id, retryCount }) => counts.get(id) === retryCount);
    },
    giveBack: (turns) =>
      db.transaction(async (sql) => {
        const within = { db: executorOf(sql) };
        const answer = await boss.complete(QUEUE, attempts(turns), null, within);
        const lanes = settledAmong(turns, answer).map(({ lane }) => lane);
        if (lanes.length > 0) await insert(boss, lanes, sql);
      }),
    supervise: () => boss.supervise(),
    async free(turns) {
      if (turns.length > 0) await boss.fail(QUEUE, attempts(turns));
    },
    stop: () => boss.stop({ graceful: false }),
  };
}

function bossOn(db: Db, options: ConstructorOptions): PgBoss {
  return new PgBoss({ ...options, db: executorOf(db) });
}

/** Adds the turns of lanes; none where a lane has one. */
async function insert(boss: PgBoss, lanes: readonly number[], sql?: Sql): Promise<void> {
  const jobs = lanes.map((lane) => ({ singletonKey: `${lane}`, data: { lane } }));
  await boss.insert(QUEUE, jobs, sql && { db: executorOf(sql) });
}

function attempts(turns: readonly Turn[]): { id: string; retryCount: number }[] {
  return turns.map(({ id, retryCount }) => ({ id, retryCount }));
}

/** Those that a command of pg-boss found to be the attempts that they were; its types leave that out. */
function settledAmong<T extends Turn>(turns: readonly T[], answer: object): readonly T[] {
  const { settled } = answer as { readonly settled: readonly string[] };
  const ids = new Set(settled);
  return turns.filter(({ id }) => ids.has(id));
}

function executorOf(sql: Sql) {
  return { executeSql: (text: string, values?: unknown[]) => sql.ask(text, values) };
}
