import { settingDeaths, withDeaths } from "../deaths.ts";
import type { ProcessStore } from "../process-store.ts";
import type { PassSummary } from "../types.ts";
import type { Db, Sql } from "./connect.ts";
import { type Meta, metaOf, setMeta } from "./meta.ts";
import { textOf } from "../paths.ts";
import { rememberWaits, waitsIn } from "./waits.ts";

/** The key of all hosts for what is secret in a URL; undefined before the first one. */
async function keyIn(sql: Sql): Promise<Buffer | undefined> {
  const text = await metaOf(sql, "urlKey");
  return text === undefined ? undefined : Buffer.from(text, "hex");
}

/** Changes what is known of deaths, of all hosts: one after the other. */
function changeDeaths<T>(
  db: Db,
  change: (before: string | undefined) => readonly [after: string, result: T],
): Promise<T> {
  return db.transaction(async (sql) => {
    await sql.run(
      "INSERT INTO facts (key, value) VALUES ('suspects', '{}') ON CONFLICT (host, key) DO NOTHING",
    );
    await sql.get("SELECT FROM facts WHERE host = 0 AND key = 'suspects' FOR UPDATE");
    const [after, result] = change(await metaOf(sql, "suspects"));
    await setMeta(sql, "suspects", after);
    return result;
  });
}

/** The memory that a database has of the process of a host. */
export function processStore(db: Db, host: number): ProcessStore {
  const text = async (key: Meta) => (await metaOf(db, key, host)) || null;
  const setText = (key: Meta, value: string | null | undefined) =>
    setMeta(db, key, textOf(value ?? ""), host);
  return {
    async wasStoppedCleanly() {
      const value = await text("cleanStop");
      return value === null ? undefined : value === "true";
    },
    setStoppedCleanly: () => setMeta(db, "cleanStop", "true", host),
    setWorking: () =>
      db.transaction(async (sql) => {
        // Also where the server is told not to wait for its disk.
        await sql.run("SET LOCAL synchronous_commit = on");
        await setMeta(sql, "cleanStop", "false", host);
      }),
    bootId: async () => (await text("bootId")) ?? undefined,
    setBootId: (bootId) => setText("bootId", bootId),
    passesWait: () => text("passesWait"),
    setPassesWait: (reason) => setText("passesWait", reason),
    passFailure: () => text("passFailure"),
    setPassFailure: (reason) => setText("passFailure", reason),
    async lastPass() {
      return JSON.parse((await text("pass")) ?? "null") as PassSummary | null;
    },
    setLastPass: (summary) => setMeta(db, "pass", JSON.stringify(summary), host),
    // A file that one host dies at may be another one's next.
    countDeaths: (marks, now) =>
      changeDeaths(db, (before) => {
        const { text: after, counts } = withDeaths(before, marks, now);
        return [after, counts];
      }),
    setDeaths: (mark, deaths, now) =>
      changeDeaths(db, (before) => [settingDeaths(before, mark, deaths, now), undefined]),
    waits: () => waitsIn(db),
    rememberWaits: rememberWaits(db, host),
    async sharedKey(ours) {
      const known = await keyIn(db);
      if (known !== undefined) return known;
      await db.run(
        "INSERT INTO facts (key, value) VALUES ('urlKey', $1) ON CONFLICT (host, key) DO NOTHING",
        [ours().toString("hex")],
      );
      return keyIn(db);
    },
    madeAt: async () => Number((await metaOf(db, "madeAt")) ?? 0),
  };
}
