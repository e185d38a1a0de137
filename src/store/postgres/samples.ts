import type { CountedOutcome } from "../drain-store.ts";
import type {
  Published,
  Removal,
  RemoveSample,
  SamplePosition,
  SampleSpan,
} from "../upkeep-store.ts";
import { untilThrown } from "../../lib/until-thrown.ts";
import type { Db, Sql } from "./connect.ts";
import { createCounts } from "./counts.ts";
import { changeFiles, lockFiles } from "./file-rows.ts";
import { bytesOf, pathOf } from "../paths.ts";

type Stored<T> = Omit<T, "raw" | "bronze"> & { readonly raw: Buffer; readonly bronze: Buffer };
type Aged = SamplePosition & Pick<Published, "bytes">;

/** The rows of the index `published`. */
const IS_PUBLISHED = "dataset = $1 AND sample IS NOT NULL AND next_at IS NULL";

/** Published samples of a dataset before a place, from the newest one on. */
export async function newestSamples(
  sql: Sql,
  dataset: number,
  before: SamplePosition,
  count: number,
): Promise<readonly Aged[]> {
  const rows = await sql.all<Omit<Aged, "raw"> & { readonly raw: Buffer }>(
    `SELECT sampled_at AS "sampledAt", raw, coalesce(bytes, 0) AS bytes
     FROM files WHERE ${IS_PUBLISHED} AND (sampled_at, raw) < ($2, $3)
     ORDER BY sampled_at DESC, raw DESC LIMIT $4`,
    [dataset, ...placeKey(before), count],
  );
  return rows.map(({ sampledAt, raw, bytes }) => ({ sampledAt, raw: pathOf(raw), bytes }));
}

/** Published samples of a span, from the oldest one on. */
export async function oldestSamples(
  sql: Sql,
  dataset: number,
  { after, before }: SampleSpan,
  count: number,
): Promise<readonly Published[]> {
  const rows = await sql.all<Stored<Published>>(
    `SELECT sampled_at AS "sampledAt", raw, bronze, mtime, sample, coalesce(bytes, 0) AS bytes,
       format, outcome, code, message
     FROM files
     WHERE ${IS_PUBLISHED} AND (sampled_at, raw) > ($2, $3) AND (sampled_at, raw) < ($4, $5)
     ORDER BY sampled_at, raw LIMIT $6`,
    [dataset, ...placeKey(after), ...placeKey(before), count],
  );
  return rows.map((row) =>
    Object.assign(row, { raw: pathOf(row.raw), bronze: pathOf(row.bronze) }),
  );
}

/** The row of a sample, as it is now. */
interface Row extends Pick<Published, "outcome" | "sample" | "sampledAt"> {
  readonly nextAt: number | null;
  readonly counted: CountedOutcome;
}

/** As `UpkeepStore.prune`: rows are locked while their samples go. */
export function prune(
  db: Db,
  dataset: number,
  samples: readonly Published[],
  remove: RemoveSample,
): Promise<Removal> {
  return db.transaction(async (sql) => {
    const rows = await lockFiles<Row>(
      sql,
      samples.map(({ raw }) => ({ dataset, raw })),
      `outcome, sample, sampled_at AS "sampledAt", next_at AS "nextAt", counted`,
    );
    const still = samples.flatMap((listed, i) => {
      const row = rows[i];
      if (!isAsListed(row, listed)) return [];
      return [{ published: { ...listed, outcome: row.outcome }, counted: row.counted }];
    });
    const { done, failure } = untilThrown(still, ({ published }) => remove(published.sample));
    await changeFiles(sql, {
      rows: done.map(({ published: { raw } }) => ({ key: { dataset, raw } })),
      given: [],
      set: `sample = NULL, bytes = NULL, rows = NULL,
        outcome = CASE files.outcome WHEN 'sampled' THEN 'pruned' ELSE files.outcome END`,
    });
    const counts = createCounts();
    for (const { published, counted } of done)
      if (published.outcome === "sampled") counts.moved(dataset, counted, "pruned");
    await counts.save(sql);
    return { removed: done.map(({ published }) => published), failure };
  });
}

function isAsListed(row: Row | undefined, { sample, sampledAt }: Published): row is Row {
  return row?.sample === sample && row.sampledAt === sampledAt && row.nextAt === null;
}

function placeKey({ sampledAt, raw }: SamplePosition): [number, Buffer] {
  return [sampledAt, bytesOf(raw)];
}
