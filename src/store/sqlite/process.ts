import type { PassSummary } from "../types.ts";
import { type Meta, metaOf, setMeta, setMetaDurably } from "./meta.ts";
import type { Db } from "./open.ts";

/** What the store remembers of the process that works on it. */
export interface ProcessStore {
  /** Whether the last process stopped cleanly; undefined before the first one. */
  wasStoppedCleanly(): boolean | undefined;
  /** Notes a clean stop: nothing is left half-done. */
  setStoppedCleanly(): void;
  /** Notes that work begins: until the next clean stop there is none, not even by a power loss. */
  setWorking(): void;
  /** The boot of the machine that samples were last checked in; undefined where none is known. */
  bootId(): string | undefined;
  setBootId(bootId: string | undefined): void;
  /** Why passes wait, where the host is busy. */
  passesWait(): string | null;
  setPassesWait(reason: string | null): void;
  /** Why the last pass failed as a whole. */
  passFailure(): string | null;
  setPassFailure(reason: string | null): void;
  lastPass(): PassSummary | null;
  setLastPass(summary: PassSummary): void;
  /** How often in a row the process died at a file, by the file's mark. */
  deaths(): Readonly<Record<string, number>>;
  setDeaths(deaths: Readonly<Record<string, number>>): void;
  /** When the store was made, ms since epoch. */
  madeAt(): number;
}

/** The process memory of a cache. */
export function processOf(db: Db): ProcessStore {
  const text = (key: Meta) => metaOf(db, key) || null;
  return {
    wasStoppedCleanly() {
      const value = text("cleanStop");
      return value === null ? undefined : value === "true";
    },
    setStoppedCleanly: () => setMeta(db, "cleanStop", "true"),
    setWorking: () => setMetaDurably(db, "cleanStop", "false"),
    bootId: () => text("bootId") ?? undefined,
    setBootId: (bootId) => setMeta(db, "bootId", bootId ?? ""),
    passesWait: () => text("passesWait"),
    setPassesWait: (reason) => setMeta(db, "passesWait", reason ?? ""),
    passFailure: () => text("passFailure"),
    setPassFailure: (reason) => setMeta(db, "passFailure", reason ?? ""),
    lastPass: () => JSON.parse(text("pass") ?? "null") as PassSummary | null,
    setLastPass: (summary) => setMeta(db, "pass", JSON.stringify(summary)),
    deaths: () => JSON.parse(text("suspects") ?? "{}") as Record<string, number>,
    setDeaths: (deaths) => setMeta(db, "suspects", JSON.stringify(deaths)),
    madeAt: () => Number(text("madeAt") ?? 0),
  };
}
