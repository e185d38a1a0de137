import type { Claim, ClaimOptions } from "../drain-store.ts";
import { claimOn, type DueRow, inTurn, type SampleRow } from "../due-row.ts";
import type { Db } from "./connect.ts";
import type { KnownDataset } from "./datasets.ts";
import { pathOf } from "../paths.ts";
import type { Order, Place, Places } from "./places.ts";
import { LANES } from "./turns/lanes.ts";
import type { OpenTurns } from "./turns/turns.ts";

/** As `DrainStore.claim`. */
export type ClaimDue = (options: ClaimOptions) => Promise<readonly Claim[]>;

/** A row that is due, of a dataset that is known, and its lane and place. */
type Due = Omit<DueRow, "dataset"> & SampleRow & { readonly lane: number; readonly at: Place };

/** The same as it is stored, with its dataset's place among those that were asked for, from 1 on. */
interface Row extends Omit<Due, "raw" | "bronze" | "at"> {
  readonly place: number;
  /** 1: of the raw files that were found by looking. 2: of all. */
  readonly part: 1 | 2;
  /** ms since epoch. */
  readonly nextAt: number;
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
export function claimOf(db: Db, turns: OpenTurns | undefined, places: Places): ClaimDue {
  let turn = 0;
  return async ({ limit, order, now, isFirst, skips, isBusy, busyCount }) => {
    const held = turns?.held();
    if (held?.size === 0) return [];
    const lanes = [...(held?.keys() ?? [])];
    // Newer rows come before all places.
    const goesOn = order === "oldest";
    places.begin({ isFirst, isAnew: !goesOn, lanes, isBusy });
    const waiting = (await waitingIn(db, now, places)).filter(({ name }) => !skips(name));
    const share = Math.max(1, Math.ceil(limit / waiting.length));
    const first = turn % Math.max(1, waiting.length);
    const left = [...waiting.slice(first), ...waiting.slice(0, first)];
    const shares: Claim[][] = [];
    let taken = 0;
    let oldest = now;
    while (taken < limit && left.length > 0) {
      const next = left.splice(0, Math.ceil((limit - taken) / share)).map((each): Wanted => {
        const inWork = places.has(each) ? 0 : busyCount(each.name);
        return { id: each.id, name: each.name, most: share + inWork };
      });
      const due = await dueIn(db, next, { order, now, lanes, places });
      for (const [i, dataset] of next.entries()) {
        turn += 1;
        const rows = due[i] ?? [];
        const most = Math.min(share, limit - taken);
        const claims: Claim[] = [];
        for (const { at, ...row } of rows) {
          const isInWork = isBusy(dataset.name, row.raw);
          if (!isInWork) {
            if (claims.length === most) break;
            claims.push(claimIn(row, dataset.name, held));
            oldest = Math.min(oldest, at.nextAt);
          }
          if (goesOn) places.reached(dataset, { raw: row.raw, at, isBusy: isInWork });
        }
        shares.push(claims);
        taken += claims.length;
        if (rows.length < dataset.most) places.forget(dataset);
        else if (goesOn && claims.length < most) left.push(dataset);
      }
    }
    turns?.claimed(now - oldest);
    return inTurn(shares);
  };
}

/** The claim on a row, in the turn of its lane. */
function claimIn(
  row: Omit<Due, "at">,
  dataset: string,
  held: ReadonlyMap<number, number> | undefined,
): Claim {
  const claim = claimOn({ ...row, dataset }, () => row);
  const nr = held?.get(row.lane);
  return nr === undefined ? claim : { ...claim, job: { ...claim.job, turn: nr } };
}

/**
 * The datasets that have something that is due: those with a place, and others. Takes one step of the
 * index for each one that waits, however many entries it has; those that wait for a later time take
 * no share.
 */
async function waitingIn(db: Db, now: number, places: Places): Promise<readonly KnownDataset[]> {
  const known = places.datasets();
  const ids = known.map(({ id }) => id);
  // Ordered as no other index is: any of them has datasets in their order.
  const first = "ORDER BY dataset, next_at, seq LIMIT 1";
  const others = await db.all<KnownDataset>(
    `SELECT d.id, s.name FROM unnest($2::int[], $3::int[]) AS gap (low, high) CROSS JOIN LATERAL (
       WITH RECURSIVE d (id, next_at) AS (
         (SELECT dataset, next_at FROM files
          WHERE next_at IS NOT NULL AND dataset > gap.low AND dataset < gap.high ${first})
         UNION ALL
         SELECT f.* FROM d CROSS JOIN LATERAL (
           SELECT dataset, next_at FROM files
           WHERE next_at IS NOT NULL AND dataset > d.id AND dataset < gap.high ${first}) AS f
       )
       SELECT * FROM d WHERE next_at <= $1) AS d JOIN datasets AS s ON s.id = d.id`,
    [now, [0, ...ids], [...ids, LAST_ID]],
  );
  return [...known, ...others].toSorted((a, b) => a.id - b.id);
}

/** Greater than every number of a dataset. */
const LAST_ID = 2 ** 31 - 1;

/** The order, the lanes and the places by which rows are chosen. */
interface Asked extends Pick<ClaimOptions, "order" | "now"> {
  /** Lanes that are ours; none where all are. */
  readonly lanes: readonly number[];
  readonly places: Places;
}

/** Rows that are due, of each dataset the ones to be taken first. */
async function dueIn(
  db: Db,
  wanted: readonly Wanted[],
  { order, now, lanes, places }: Asked,
): Promise<readonly (readonly Due[])[]> {
  const direction = order === "oldest" ? "ASC" : "DESC";
  const inOrder = `ORDER BY next_at ${direction}, seq ${direction}, raw ${direction}`;
  const isAll = lanes.length % LANES === 0;
  const others: readonly Order[] = isAll ? ["all"] : lanes;
  const isDue = (after: string) =>
    `dataset = w.dataset AND next_at <= $3 AND (next_at, seq, raw) > (${after})`;
  const part = "[(w.place - 1) * cardinality($10) + 1 : w.place * cardinality($10)]";
  // Of the lanes of a host, each gives about its part: a long backlog of others is not walked through.
  const fromLanes = `SELECT g.* FROM
      unnest($10::int[], ($7::bigint[])${part}, ($8::bigint[])${part}, ($9::bytea[])${part})
        AS l (lane, at, seq, raw)
      CROSS JOIN LATERAL (
        SELECT * FROM files WHERE lane = l.lane AND ${isDue("l.at, l.seq, l.raw")}
        ${inOrder} LIMIT least(w.most, 2 * w.most / cardinality($10) + ${LEAST_OF_LANE})) AS g`;
  const fromAll = `SELECT * FROM files WHERE ${isDue("($7::bigint[])[w.place], ($8::bigint[])[w.place], ($9::bytea[])[w.place]")}`;
  const found = wanted.map((each) => places.of(each, "found"));
  const other = wanted.flatMap((each) => others.map((order) => places.of(each, order)));
  // Raw files come first: they go away.
  const rows = await db.all<Row>(
    `SELECT w.place, f.part, f.lane, f.next_at AS "nextAt", f.raw, f.bronze, f.mtime, f.seq, f.name,
       f.extension, f.attempts, f.failed_at AS "failedAt", f.sample,
       coalesce(f.counted, 'new') AS outcome, f.inode, f.sampled_from AS "sampledFrom", f.validation,
       f.done_mtime AS "doneMtime", f.format, f.rows, f.bytes, f.source_size AS "sourceSize", f.reason
     FROM unnest($1::int[], $2::int[], $4::bigint[], $5::bigint[], $6::bytea[]) WITH ORDINALITY
         AS w (dataset, most, at, seq, raw, place)
       CROSS JOIN LATERAL (
         SELECT 1 AS part, row_number() OVER (ORDER BY next_at, seq, raw) AS nr, * FROM (
           SELECT * FROM files WHERE ${isDue("w.at, w.seq, w.raw")} AND inode IS NOT NULL
           ${isAll ? "" : "AND lane = ANY ($10::int[])"}
           ORDER BY next_at, seq, raw LIMIT w.most) AS found
         UNION ALL
         SELECT 2, row_number() OVER (${inOrder}), * FROM (
           ${isAll ? fromAll : fromLanes} ${inOrder} LIMIT w.most) AS others
       ) AS f
     ORDER BY w.place, f.part, f.nr`,
    [
      wanted.map(({ id }) => id),
      wanted.map(({ most }) => most),
      now,
      ...[found, other].flatMap((all) => [
        all.map(({ nextAt }) => nextAt),
        all.map(({ seq }) => seq),
        all.map(({ raw }) => raw),
      ]),
      ...(isAll ? [] : [lanes]),
    ],
  );
  const due = wanted.map((): Due[] => []);
  const seen = wanted.map(() => new Set<string>());
  for (const { place, part, nextAt, ...row } of rows) {
    const raw = pathOf(row.raw);
    if (seen[place - 1]?.has(raw) === true) continue;
    seen[place - 1]?.add(raw);
    const of = part === 1 ? "found" : isAll ? "all" : row.lane;
    const at: Place = { of, nextAt, seq: row.seq, raw: row.raw };
    due[place - 1]?.push(Object.assign(row, { raw, bronze: pathOf(row.bronze), at }));
  }
  return due;
}
