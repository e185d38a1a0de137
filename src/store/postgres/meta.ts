import type { Sql } from "./connect.ts";

/**
 * Keys of single values that the database remembers: `version` (of the schema), `sampler`, `formats`, `pass`,
 * `cleanStop`, `bootId`, `passesWait`, `suspects`, `madeAt` (ms since epoch), `waits` (JSON), `passFailure`, `changes` (changes.ts).
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
  | "changes";

/** A remembered value, or undefined. */
export async function metaOf(sql: Sql, key: Meta): Promise<string | undefined> {
  const found = await sql.get<{ value: string }>("SELECT value FROM facts WHERE key = $1", [key]);
  return found?.value;
}

/** Remembers a value. */
export async function setMeta(sql: Sql, key: Meta, value: string): Promise<void> {
  await sql.run(
    `INSERT INTO facts (key, value) VALUES ($1, $2)
     ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    [key, value],
  );
}
