import { hostname } from "node:os";
import { VERSION } from "../../version.ts";
import { type Host, SILENT_SECONDS } from "../types.ts";
import type { Sql } from "./connect.ts";
import { identityOf, readHolders } from "./lock.ts";
import { textOf } from "../paths.ts";

/** The time by the clock of the database, which is one for all hosts, ms since epoch. */
const NOW = "floor(1000 * extract(epoch FROM clock_timestamp()))::bigint";

/** Notes that this process works as the host of a state directory; returns the host's number. */
export async function registerHost(sql: Sql, state: string): Promise<number> {
  const found = await sql.get<{ id: number }>(
    `INSERT INTO hosts AS h (name, state, pid, version, since, seen_at)
       VALUES ($1, $2, $3, $4, ${NOW}, ${NOW})
     ON CONFLICT (name, state) DO UPDATE SET pid = excluded.pid, version = excluded.version,
       since = excluded.since, seen_at = excluded.seen_at, lanes = 0
     RETURNING id`,
    [hostname(), textOf(state), process.pid, VERSION],
  );
  return (found as { id: number }).id;
}

/**
 * The host whose memory of its process those see who look: the one of this state directory, else the
 * one that was last seen; 0 before the first one.
 */
export async function hostToShow(sql: Sql, state: string): Promise<number> {
  const found = await sql.get<{ id: number }>(
    `SELECT id FROM hosts ORDER BY name = $1 AND state = $2 AND lanes > 0 DESC, seen_at DESC, id LIMIT 1`,
    [hostname(), textOf(state)],
  );
  return found?.id ?? 0;
}

/** The answer to a sign of life. */
export interface Seen {
  /** Time by which its clock is ahead of the database's, ms. */
  readonly aheadMs: number;
  /** Hosts that work, itself among them. */
  readonly hosts: number;
  /** True for one of them. */
  readonly isFirst: boolean;
}

/** Time after its last sign of life from which a host has no share of the work, ms. */
const SILENT_MS = 3000;

/** Notes that a host lives, and what it does. */
export async function noteLife(
  sql: Sql,
  host: number,
  { lanes, lastMinute }: Pick<Host, "lanes" | "lastMinute">,
): Promise<Seen> {
  const asked = Date.now();
  const found = await sql.get<{ now: number; others: number; before: number }>(
    `WITH others AS (SELECT id FROM hosts WHERE id <> $1 AND pid > 0 AND seen_at > ${NOW} - ${SILENT_MS})
     UPDATE hosts SET seen_at = ${NOW}, lanes = $2, last_minute = $3 WHERE id = $1
     RETURNING seen_at AS now, (SELECT count(*) FROM others) AS others,
       (SELECT count(*) FROM others WHERE id < $1) AS before`,
    [host, lanes, lastMinute],
  );
  const between = (asked + Date.now()) / 2;
  if (found === undefined) return { aheadMs: 0, hosts: 1, isFirst: true };
  const aheadMs = Math.round(between - found.now);
  return { aheadMs, hosts: 1 + found.others, isFirst: found.before === 0 };
}

/** Notes that a host works no more. */
export async function noteEnd(sql: Sql, host: number): Promise<void> {
  await sql.run("UPDATE hosts SET pid = 0, lanes = 0 WHERE id = $1", [host]);
}

interface Row extends Omit<Host, "since"> {
  readonly state: string;
  /** ms since epoch. */
  readonly since: number;
}

const NOTHING = { lanes: 0, lastMinute: 0 };

/** The hosts that work, by name; what each did in the last minute. */
export async function hostsIn(sql: Sql): Promise<readonly Host[]> {
  const working = new Set(
    (await readHolders(sql)).map(({ identity, pid }) => `${identity} ${pid}`),
  );
  const rows = await sql.all<Row>(
    `SELECT name AS host, state, pid, version, since, lanes, last_minute AS "lastMinute",
       greatest(0, ${NOW} - seen_at) / 1000 AS "silentSeconds" FROM hosts
     WHERE pid = ANY ($1) ORDER BY name, pid`,
    [[...working].map((each) => Number(each.split(" ")[1]))],
  );
  return rows
    .filter(({ host, state, pid }) => working.has(`${identityOf(host, state)} ${pid}`))
    .map(({ host, pid, since, version, silentSeconds, ...did }) => {
      const { lanes, lastMinute } = silentSeconds < SILENT_SECONDS ? did : NOTHING;
      const began = new Date(since).toISOString();
      return { host, pid, since: began, version, lanes, lastMinute, silentSeconds };
    });
}
