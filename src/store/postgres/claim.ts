import type { Claim, ClaimOptions } from "../drain-store.ts";
import { claimOn, type DueRow, inTurn, type SampleRow } from "../due-row.ts";
import type { Db } from "./connect.ts";
import type { KnownDataset } from "./datasets.ts";
import { pathOf } from "../paths.ts";
import { LANES } from "./turns/lanes.ts";
import type { OpenTurns } from "./turns/turns.ts";

/** As `DrainStore.claim`. */
export type ClaimDue = (options: ClaimOptions) => Promise<readonly Claim[]>;

/** A row that is due, of a dataset that is known, and its lane. */
type Due = Omit<DueRow, "dataset"> &
  SampleRow & {
    readonly lane: number;
    /** ms since epoch. */
    readonly nextAt: number;
  };

/** The same as it is stored, with its dataset's place among those that were asked for, from 1 on. */
interface Row extends Omit<Due, "raw" | "bronze"> {
  readonly place: number;
  readonly lane: number;
  readonly raw: Buffer;
  readonly bronze: Buffer;
}

/** Rows of each lane that are looked at for a claim, at least: some may be in work. */
const LEAST_OF_LANE = 8;

/** A dataset and the number of its rows that may be needed. */
interface Wanted extends KnownDataset {
  readonly most: number;
}

/**
 * Creates the function. Nobody may write outcomes meanwhile: a raw that is settled, and no longer in
 * work, would be claimed once more.
 */
export function claimOf(db: Db, turns: OpenTurns | undefined): ClaimDue {
  let turn = 0;
  return async ({ limit, order, now, skips, isBusy, busyCount }) => {
    const held = turns?.held();
    if (held?.size === 0) return [];
    const waiting = (await waitingIn(db, now)).filter(({ name }) => !skips(name));
    if (waiting.length === 0) {
      turns?.claimed(0);
      return [];
    }
    const share = Math.max(1, Math.ceil(limit / waiting.length));
    const first = turn % waiting.length;
    const left = [...waiting.slice(first), ...waiting.slice(0, first)];
    const shares: Claim[][] = [];
    let taken = 0;
    let oldest = now;
    while (taken < limit && left.length > 0) {
      const next = left
        .splice(0, Math.ceil((limit - taken) / share))
        .map(({ id, name }) => ({ id, name, most: share + busyCount(name) }));
      const due = await dueIn(db, next, { order, now, lanes: [...(held?.keys() ?? [])] });
      for (const [i, { name }] of next.entries()) {
        turn += 1;
        const free = (due[i] ?? []).filter(({ raw }) => !isBusy(name, raw));
        const claims = free.slice(0, Math.min(share, limit - taken));
        shares.push(
          claims.map((row) => {
            oldest = Math.min(oldest, row.nextAt);
            const claim = claimOn({ ...row, dataset: name }, () => row);
            const nr = held?.get(row.lane);
            return nr === undefined ? claim : { ...claim, job: { ...claim.job, turn: nr } };
          }),
        );
        taken += claims.length;
      }
    }
    turns?.claimed(now - oldest);
    return inTurn(shares);
  };
}

/**
 * The datasets that have something that is due. Takes one step of the index for each one that waits,
 * however many entries it has; those that wait for a later time take no share.
 */
function waitingIn(db: Db, now: number): Promise<readonly KnownDataset[]> {
  // Ordered as no other index is: any of them has datasets in their order.
  const first = "ORDER BY dataset, next_at, seq LIMIT 1";
  return db.all(
    `WITH RECURSIVE d (id, next_at) AS (
       (SELECT dataset, next_at FROM files WHERE next_at IS NOT NULL ${first})
       UNION ALL
       SELECT f.* FROM d CROSS JOIN LATERAL (
         SELECT dataset, next_at FROM files
         WHERE next_at IS NOT NULL AND dataset > d.id ${first}) AS f
     )
     SELECT d.id, s.name FROM d JOIN datasets AS s ON s.id = d.id
     WHERE d.next_at <= $1 ORDER BY d.id`,
    [now],
  );
}

/** Rows that are due, of each dataset the ones to be taken first; of all lanes where none is given. */
async function dueIn(
  db: Db,
  wanted: readonly Wanted[],
  {
    order,
    now,
    lanes,
  }: Pick<ClaimOptions, "order" | "now"> & { readonly lanes: readonly number[] },
): Promise<readonly (readonly Due[])[]> {
  const direction = order === "oldest" ? "ASC" : "DESC";
  const inOrder = `ORDER BY next_at ${direction}, seq ${direction}, raw ${direction}`;
  const isAll = lanes.length % LANES === 0;
  // Of the lanes of a host, each gives about its part: a long backlog of others is not walked through.
  const others = isAll
    ? `SELECT * FROM files WHERE dataset = w.dataset AND next_at <= $3`
    : `SELECT g.* FROM unnest($4::int[]) AS l (lane) CROSS JOIN LATERAL (
         SELECT * FROM files WHERE dataset = w.dataset AND lane = l.lane AND next_at <= $3
         ${inOrder} LIMIT 2 * w.most / cardinality($4::int[]) + ${LEAST_OF_LANE}) AS g`;
  // Raw files come first: they go away.
  const rows = await db.all<Row>(
    `SELECT w.place, f.lane, f.next_at AS "nextAt", f.raw, f.bronze, f.mtime, f.seq, f.name, f.extension, f.attempts,
       f.failed_at AS "failedAt", f.sample, coalesce(f.counted, 'new') AS outcome, f.inode,
       f.sampled_from AS "sampledFrom", f.validation, f.done_mtime AS "doneMtime", f.format,
       f.rows, f.bytes, f.source_size AS "sourceSize", f.reason
     FROM unnest($1::int[], $2::int[]) WITH ORDINALITY AS w (dataset, most, place)
       CROSS JOIN LATERAL (
         SELECT 1 AS part, row_number() OVER (ORDER BY next_at, seq, raw) AS nr, * FROM (
           SELECT * FROM files WHERE dataset = w.dataset AND inode IS NOT NULL AND next_at <= $3
           ${isAll ? "" : "AND lane = ANY ($4::int[])"}
           ORDER BY next_at, seq, raw LIMIT w.most) AS found
         UNION ALL
         SELECT 2, row_number() OVER (${inOrder}), * FROM (
           ${others} ${inOrder} LIMIT w.most) AS others
       ) AS f
     ORDER BY w.place, f.part, f.nr`,
    [wanted.map(({ id }) => id), wanted.map(({ most }) => most), now, ...(isAll ? [] : [lanes])],
  );
  const due = wanted.map((): Due[] => []);
  const seen = wanted.map(() => new Set<string>());
  for (const { place, ...row } of rows) {
    const raw = pathOf(row.raw);
    if (seen[place - 1]?.has(raw) === true) continue;
    seen[place - 1]?.add(raw);
    due[place - 1]?.push(Object.assign(row, { raw, bronze: pathOf(row.bronze) }));
  }
  return due;
}
