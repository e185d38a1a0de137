import type { Db } from "./open.ts";

/**
 * Keys of single values that the cache remembers: `seq`, `sampler`, `formats`, `pass`, `cleanStop`, `bootId`,
 * `passesWait`, `suspects`, `madeAt` (of the cache, ms since epoch), `waits` (JSON), `passFailure`, `migration` (of one that is not whole yet), `migratedFrom`.
 */
export type Meta =
  | "seq"
  | "sampler"
  | "formats"
  | "pass"
  | "cleanStop"
  | "bootId"
  | "passesWait"
  | "suspects"
  | "madeAt"
  | "waits"
  | "passFailure"
  | "migration"
  | "migratedFrom";

/** A remembered value, or undefined. */
export function metaOf(db: Db, key: Meta): string | undefined {
  return db.prepare("SELECT value FROM facts WHERE key = ?").pluck().get(key) as string | undefined;
}

/** Remembers a value. */
export function setMeta(db: Db, key: Meta, value: string): void {
  db.prepare("INSERT OR REPLACE INTO facts (key, value) VALUES (?, ?)").run(key, value);
}

/** Remembers a value; returns once a power loss can no longer take it back. */
export function setMetaDurably(db: Db, key: Meta, value: string): void {
  db.pragma("synchronous = FULL");
  try {
    setMeta(db, key, value);
  } finally {
    db.pragma("synchronous = NORMAL");
  }
}
