import { pathBytes, pathText } from "../../lib/pep383.ts";
import { hasRested, type Resting } from "../../raw/ready.ts";
import type { ListedPage, RawFile } from "../../raw/types.ts";
import type { Db } from "./open.ts";

/** Files that have to stay as they are for a while before they count as complete. */
export interface RestingFiles {
  /**
   * Those of a directory's files that are complete; the others are remembered as they look. `now` is
   * ms since epoch.
   */
  ready(dataset: number, found: Found, now: number): readonly RawFile[];
  /**
   * Names of a directory's files that were remembered since a time, ms since epoch; others, which no
   * look has seen any more, are forgotten.
   */
  end(dataset: number, path: string, since: number): ReadonlySet<string>;
}

interface Found extends Pick<ListedPage, "path" | "came"> {
  readonly quietSeconds: number;
}

/** Prepares the statements. They belong in the transaction that takes the files. */
export function restingOf(db: Db): RestingFiles {
  const select = db.prepare(
    "SELECT seen, since FROM raw_resting WHERE dataset = ? AND directory = ? AND name = ?",
  );
  // A clock that was set back would have us wait for as long as it was.
  const upsert = db.prepare(
    `INSERT INTO raw_resting (dataset, directory, name, seen, since, looked_at)
     VALUES (@dataset, @path, @name, @seen, @now, @now)
     ON CONFLICT (dataset, directory, name) DO UPDATE SET looked_at = excluded.looked_at,
       since = CASE WHEN seen = excluded.seen THEN min(since, excluded.since) ELSE excluded.since END,
       seen = excluded.seen`,
  );
  const end = db.prepare(
    "DELETE FROM raw_resting WHERE dataset = ? AND directory = ? AND looked_at < ?",
  );
  const names = db
    .prepare("SELECT name FROM raw_resting WHERE dataset = ? AND directory = ?")
    .pluck();
  return {
    ready(dataset, { path, came, quietSeconds }, now) {
      const isReady = (file: RawFile) => {
        if (!file.rests) return true;
        const name = pathBytes(file.name);
        const before = select.get(dataset, path, name) as Resting | undefined;
        const isOver = hasRested(before, file.seen, { now, quietSeconds });
        if (!isOver) upsert.run({ dataset, path, name, seen: file.seen, now });
        return isOver;
      };
      return came.filter(isReady);
    },
    end(dataset, path, since) {
      end.run(dataset, path, Math.min(since, Number.MAX_SAFE_INTEGER));
      return new Set((names.all(dataset, path) as (string | Buffer)[]).map(pathText));
    },
  };
}
