import type { Lease, Leases, Phase } from "../../staging-store.ts";
import type { Db } from "../open.ts";
import type { GroupedWrite } from "./group-writes.ts";

interface LeaseRow {
  readonly key: string;
  readonly token: string;
  readonly pid: number;
  readonly boot: string | null;
  readonly beat_at: number;
  readonly state: Lease["state"];
  readonly phase: Phase;
  readonly bytes: number;
  readonly size: number | null;
  readonly code: string | null;
  readonly message: string | null;
}

/** The leases of `staging.db`. */
export function leases(db: Db, write: GroupedWrite): Leases {
  const look = db.prepare<[string], LeaseRow>("SELECT * FROM leases WHERE key = ?");
  // A row is replaced only where nobody holds it, or its holder is the one that is known to be gone.
  const take = db.prepare(
    `INSERT INTO leases (key, token, pid, boot, beat_at, state, phase, bytes)
     VALUES (?, ?, ?, ?, ?, 'held', 'preparing', 0)
     ON CONFLICT DO UPDATE SET token = excluded.token, pid = excluded.pid, boot = excluded.boot,
       beat_at = excluded.beat_at, state = 'held', phase = 'preparing', bytes = 0, size = NULL,
       code = NULL, message = NULL
     WHERE token IS ? AND state IS ?`,
  );
  const keep = db.prepare(
    `UPDATE leases SET phase = ?, bytes = ?, size = ?, beat_at = ?
     WHERE key = ? AND token = ? AND state = 'held'`,
  );
  const release = db.prepare(
    "UPDATE leases SET state = ?, code = ?, message = ? WHERE key = ? AND token = ?",
  );
  const remove = db.prepare("DELETE FROM leases WHERE key = ? AND token = ?");
  return {
    look: async (key) => {
      const row = look.get(key);
      return row === undefined ? undefined : leaseOf(row);
    },
    take: ({ key, token, owner, from }, now) =>
      write(() => {
        const seen = look.get(key);
        if (seen?.state === "held" && seen.token !== from) return false;
        const values = [key, token, owner.pid, owner.boot ?? null, now] as const;
        return take.run(...values, seen?.token ?? null, seen?.state ?? null).changes === 1;
      }),
    keep: (key, token, { phase, bytes, size }, now) =>
      write(() => keep.run(phase, bytes, size ?? null, now, key, token).changes === 1),
    release: (key, token, failure) => {
      const state = failure === undefined ? "released" : "failed";
      const { code = null, message = null } = failure ?? {};
      return write(() => void release.run(state, code, message, key, token));
    },
    remove: (key, token) => write(() => void remove.run(key, token)),
  };
}

function leaseOf(row: LeaseRow): Lease {
  const { token, pid, boot, state, phase, bytes } = row;
  return {
    token,
    owner: { pid, boot: boot ?? undefined },
    beatAt: row.beat_at,
    state,
    phase,
    bytes,
    size: row.size ?? undefined,
    code: row.code ?? undefined,
    message: row.message ?? undefined,
  };
}
