import type { Sql } from "./connect.ts";

/**
 * Keys of single values that the database remembers: `version` (of the schema), `sampler`, `formats`, `pass`,
 * `turns` (JSON, those of a host), `cleanStop`, `bootId`, `passesWait`, `suspects`, `madeAt` (ms since epoch), `waits` (JSON), `passFailure`, `changes` (changes.ts), `urlKey` (hex), `migration` (until it is whole), `migratedFrom`.
 */
export type Meta =
  | "version"
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
  | "changes"
  | "turns"
  | "urlKey"
  | "migration"
  | "migratedFrom";

/** A remembered value, or undefined; of one host, or of all where none is given. */
export async function metaOf(sql: Sql, key: Meta, host = 0): Promise<string | undefined> {
  const text = "SELECT value FROM facts WHERE host = $1 AND key = $2";
  return (await sql.get<{ value: string }>(text, [host, key]))?.value;
}

/** Remembers a value. */
export async function setMeta(sql: Sql, key: Meta, value: string, host = 0): Promise<void> {
  await sql.run(
    `INSERT INTO facts (host, key, value) VALUES ($1, $2, $3)
     ON CONFLICT (host, key) DO UPDATE SET value = excluded.value`,
    [host, key, value],
  );
}
