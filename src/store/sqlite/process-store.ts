import { settingDeaths, withDeaths } from "../deaths.ts";
import type { ProcessStore } from "../process-store.ts";
import type { PassSummary } from "../types.ts";
import { type Meta, metaOf, setMeta, setMetaDurably } from "./meta.ts";
import type { Db } from "./open.ts";
import { rememberWaits, waitsIn } from "./waits.ts";

/** The process memory of a cache. */
export function processStore(db: Db): ProcessStore {
  const text = (key: Meta) => metaOf(db, key) || null;
  const remember = rememberWaits(db);
  return {
    async wasStoppedCleanly() {
      const value = text("cleanStop");
      return value === null ? undefined : value === "true";
    },
    setStoppedCleanly: async () => setMeta(db, "cleanStop", "true"),
    setWorking: async () => setMetaDurably(db, "cleanStop", "false"),
    bootId: async () => text("bootId") ?? undefined,
    setBootId: async (bootId) => setMeta(db, "bootId", bootId ?? ""),
    passesWait: async () => text("passesWait"),
    setPassesWait: async (reason) => setMeta(db, "passesWait", reason ?? ""),
    passFailure: async () => text("passFailure"),
    setPassFailure: async (reason) => setMeta(db, "passFailure", reason ?? ""),
    lastPass: async () => passIn(text("pass")),
    setLastPass: async (summary) => setMeta(db, "pass", JSON.stringify(summary)),
    async countDeaths(marks, now) {
      const { text: after, counts } = withDeaths(text("suspects") ?? undefined, marks, now);
      setMeta(db, "suspects", after);
      return counts;
    },
    async setDeaths(mark, deaths, now) {
      setMeta(db, "suspects", settingDeaths(text("suspects") ?? undefined, mark, deaths, now));
    },
    waits: async () => waitsIn(db),
    rememberWaits: async (waits, isLast) => remember(waits, isLast),
    sharedKey: async () => undefined,
    madeAt: async () => Number(text("madeAt") ?? 0),
  };
}

/** The summary of a pass; earlier versions did not tell described files apart. */
function passIn(text: string | null): PassSummary | null {
  const summary = JSON.parse(text ?? "null") as PassSummary | null;
  return summary === null ? null : { ...summary, described: summary.described ?? 0 };
}
