import type { RunRow, Runs, RunState } from "../../staging-store.ts";
import type { Db } from "../open.ts";

interface Row {
  readonly id: string;
  readonly directory: string;
  readonly state: RunState;
  readonly created_at: number;
  readonly expires_at: number;
  readonly result: string | null;
}

/** The runs of `staging.db`. */
export function runs(db: Db): Runs {
  const put = db.prepare(
    `INSERT INTO runs (id, directory, state, created_at, expires_at, result)
     VALUES (@id, @directory, @state, @created_at, @expires_at, @result)
     ON CONFLICT DO UPDATE SET directory = excluded.directory, state = excluded.state,
       expires_at = excluded.expires_at, result = excluded.result`,
  );
  const find = db.prepare<[string], Row>("SELECT * FROM runs WHERE id = ?");
  const list = db.prepare<[], Row>("SELECT * FROM runs ORDER BY created_at DESC, id");
  const hold = db.prepare("INSERT OR IGNORE INTO holds (run, sha256) VALUES (?, ?)");
  const remove = db.prepare("DELETE FROM runs WHERE id = ?");
  return {
    add: async (run) => void put.run(rowOf(run)),
    update: async (id, change) =>
      db.transaction(() => {
        const row = find.get(id);
        if (row !== undefined) put.run(rowOf({ ...runOf(row), ...change }));
      })(),
    hold: async (id, sha256s) =>
      db.transaction(() => sha256s.forEach((sha256) => hold.run(id, sha256)))(),
    find: async (id) => {
      const row = find.get(id);
      return row === undefined ? undefined : runOf(row);
    },
    list: async () => list.all().map(runOf),
    remove: async (id) => void remove.run(id),
  };
}

function rowOf({ createdAt, expiresAt, result, ...run }: RunRow): Row {
  return {
    ...run,
    created_at: createdAt,
    expires_at: expiresAt,
    result: result === undefined ? null : JSON.stringify(result),
  };
}

function runOf({ result, ...row }: Row): RunRow {
  return {
    id: row.id,
    directory: row.directory,
    state: row.state,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    result: result === null ? undefined : (JSON.parse(result) as unknown),
  };
}
