import type { ListedFile, StagedFiles, StoredFile, StoredObject } from "../../staging-store.ts";
import type { Db } from "../open.ts";
import type { GroupedWrite } from "./group-writes.ts";

interface ObjectRow {
  readonly key: string;
  readonly location: string;
  readonly version: string | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly verified: number;
  readonly encoding: string | null;
  readonly encoded_sha256: string | null;
  readonly encoded_bytes: number | null;
}

/** The staged files of `staging.db`. */
export function stagedFiles(db: Db, write: GroupedWrite): StagedFiles {
  const ofObject = db.prepare<[string], ObjectRow>(
    "SELECT objects.*, bytes FROM objects JOIN files USING (sha256) WHERE key = ?",
  );
  const withHash = db.prepare<[string], StoredFile>(
    "SELECT sha256, bytes FROM files WHERE sha256 = ?",
  );
  const addFile = db.prepare(
    `INSERT INTO files (sha256, bytes, used_at) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET used_at = excluded.used_at`,
  );
  const addObject = db.prepare(
    `INSERT OR REPLACE INTO objects
       (key, location, version, sha256, verified, encoding, encoded_sha256, encoded_bytes)
     VALUES (@key, @location, @version, @sha256, @verified, @encoding, @encoded_sha256, @encoded_bytes)`,
  );
  const touch = db.prepare("UPDATE files SET used_at = max(used_at, ?) WHERE sha256 = ?");
  const size = db.prepare("SELECT bytes FROM sizes WHERE name = 'store'").pluck();
  const free = db.prepare<[number], StoredFile>(
    `SELECT sha256, bytes FROM files
     WHERE used_at <= ? AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.sha256 = files.sha256)
     ORDER BY used_at, sha256`,
  );
  const all = db.prepare<[], Omit<ListedFile, "locations"> & { readonly locations: string }>(
    `SELECT sha256, bytes, used_at AS usedAt,
       (SELECT json_group_array(location) FROM objects WHERE objects.sha256 = files.sha256)
         AS locations,
       (SELECT count(*) FROM holds WHERE holds.sha256 = files.sha256) AS runs
     FROM files ORDER BY used_at DESC, sha256 DESC`,
  );
  const remove = db.prepare("DELETE FROM files WHERE sha256 = ?");
  return {
    ofObject: async (key) => {
      const row = ofObject.get(key);
      return row === undefined ? undefined : objectOf(row);
    },
    withHash: async (sha256) => withHash.get(sha256),
    add: (object, now) =>
      write(() => {
        addFile.run(object.sha256, object.bytes, now);
        addObject.run(rowOf(object));
      }),
    touch: (sha256s, now) => write(() => sha256s.forEach((sha256) => touch.run(now, sha256))),
    remove: (sha256s) => write(() => sha256s.forEach((sha256) => remove.run(sha256))),
    list: async () =>
      all
        .all()
        .map(({ locations, ...file }) =>
          Object.assign(file, { locations: JSON.parse(locations) as string[] }),
        ),
    async surplus(bytes, before) {
      const surplus = (size.get() as number) - bytes;
      return surplus > 0 ? firstOf(free.iterate(before), surplus) : [];
    },
  };
}

function rowOf(object: StoredObject): ObjectRow {
  const { version, verified, encoding, encoded, ...row } = object;
  return {
    ...row,
    version: version ?? null,
    verified: verified ? 1 : 0,
    encoding: encoding ?? null,
    encoded_sha256: encoded?.sha256 ?? null,
    encoded_bytes: encoded?.bytes ?? null,
  };
}

function objectOf(row: ObjectRow): StoredObject {
  const { key, location, version, sha256, bytes, verified, encoding } = row;
  const { encoded_sha256: of, encoded_bytes: size } = row;
  return {
    key,
    location,
    version: version ?? undefined,
    sha256,
    bytes,
    verified: verified === 1,
    encoding: encoding ?? undefined,
    encoded: of === null || size === null ? undefined : { sha256: of, bytes: size },
  };
}

/** The first files, until there are this many bytes of them. */
function firstOf(files: Iterable<StoredFile>, bytes: number): readonly StoredFile[] {
  const found: StoredFile[] = [];
  let left = bytes;
  for (const file of files) {
    if (left <= 0) break;
    found.push(file);
    left -= file.bytes;
  }
  return found;
}
