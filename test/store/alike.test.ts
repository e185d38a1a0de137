import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createSortedLines } from "../../src/store/open.ts";
import type { Db } from "../../src/store/postgres/connect.ts";
import { openDatabase } from "../../src/store/postgres/open.ts";
import { storeIn as storeInPostgres } from "../../src/store/postgres/store.ts";
import { closeCache, openCache } from "../../src/store/sqlite/open.ts";
import { storeIn as storeInSqlite } from "../../src/store/sqlite/store.ts";
import type { Store } from "../../src/store/store.ts";
import { startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { comparable } from "./alike/comparable.ts";
import { createPlayer } from "./alike/player.ts";
import { anySteps, type Step } from "./alike/steps.ts";

const RUNS = Number(process.env["ALIKE_RUNS"] ?? 30);
/** The same sequences each time: others are tried with another seed, and more of them. */
const SEED = Number(process.env["ALIKE_SEED"] ?? 1);
const PATH = process.env["ALIKE_PATH"];
const MAX_STEPS = 60;
const MS_EACH = 4000;
/** A file system in memory where there is one. */
const MEMORY = "/dev/shm";

test.skipIf(whyNoPostgres !== undefined)(
  "whatever is done, PostgreSQL knows what SQLite knows, and says what it says",
  { timeout: 480_000 + RUNS * MS_EACH },
  async () => {
    const caches = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "sampler-alike-"));
    await using server = await startPostgres();
    const db = await openDatabase(await server.database("alike"));
    let played = 0;
    let steps = 0;
    const property = fc.asyncProperty(anySteps(MAX_STEPS), async (sequence) => {
      played += 1;
      steps += sequence.length;
      await empty(db);
      const sqlite = storeInSqlite(openCache(join(caches, `${played}`)).db, closeCache);
      try {
        await play(sequence, sqlite, storeInPostgres(db, { host: 0 }, createSortedLines));
      } finally {
        await sqlite.close();
      }
    });
    try {
      const path = PATH === undefined ? {} : { path: PATH };
      await fc.assert(property, { numRuns: RUNS, seed: SEED, ...path });
    } finally {
      await db.close();
      await rm(caches, { recursive: true });
      process.stdout.write(`${played} sequences, ${steps} steps, seed ${SEED}\n`);
    }
  },
);

/** Does a sequence with both; at the end all questions are asked. @throws where the answers differ */
async function play(sequence: readonly Step[], sqlite: Store, postgres: Store): Promise<void> {
  const players = [createPlayer(sqlite), createPlayer(postgres)] as const;
  for (const step of [...sequence, { do: "query" }] as readonly Step[]) {
    const [one, other] = await Promise.allSettled(players.map((player) => player.take(step)));
    expect([step, comparable(other)]).toEqual([step, comparable(one)]);
  }
}

/** Forgets everything but the tables. */
async function empty(db: Db): Promise<void> {
  const tables = await db.all<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'facts'`,
  );
  const all = tables.map(({ name }) => `DELETE FROM ${name}`);
  await db.run([...all, "DELETE FROM facts WHERE key NOT IN ('version', 'madeAt')"].join("; "));
}
