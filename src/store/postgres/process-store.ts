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
    deaths: async () => JSON.parse((await text("suspects")) ?? "{}") as Record<string, number>,
    setDeaths: (deaths) => setMeta(db, "suspects", JSON.stringify(deaths), host),
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
