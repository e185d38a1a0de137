import type { Documents, KnownDocument, KnownRegion, Uses } from "../../staging-store.ts";
import type { Db } from "../open.ts";

type Row = Omit<KnownDocument, "uses" | "problem"> & {
  readonly uses: string;
  readonly problem: string | null;
};
type RegionRow = Omit<KnownRegion, "problem"> & { readonly problem: string | null };

/** The documents of buckets that `staging.db` knows. */
export function documents(db: Db): Documents {
  const of = db.prepare<[string], Row>("SELECT * FROM documents WHERE region = ? ORDER BY key");
  const all = db.prepare<[], RegionRow>(
    "SELECT name, read_at AS readAt, took_ms AS tookMs, problem FROM regions",
  );
  const put = db.prepare<[Row]>(
    `INSERT OR REPLACE INTO documents (region, key, etag, text, problem, uses)
     VALUES (@region, @key, @etag, @text, @problem, @uses)`,
  );
  const remove = db.prepare("DELETE FROM documents WHERE region = ? AND key = ?");
  const noteRead = db.prepare<[RegionRow]>(
    `INSERT OR REPLACE INTO regions (name, read_at, took_ms, problem)
     VALUES (@name, @readAt, @tookMs, @problem)`,
  );
  const outdate = db.prepare("UPDATE regions SET read_at = 0 WHERE name = ?");
  return {
    of: async (region) => of.all(region).map(documentOf),
    regions: async () =>
      all
        .all()
        .map(({ problem, ...region }) => Object.assign(region, { problem: problem ?? undefined })),
    outdate: async (regions) =>
      db.transaction(() => regions.forEach((name) => outdate.run(name)))(),
    note: async ({ name, readAt, tookMs, problem = null, changed, gone }) =>
      db.transaction(() => {
        for (const document of changed) put.run(rowOf(name, document));
        for (const key of gone) remove.run(name, key);
        noteRead.run({ name, readAt, tookMs, problem });
      })(),
  };
}

function rowOf(region: string, document: Omit<KnownDocument, "region">): Row {
  const { problem = null, uses, ...rest } = document;
  return { ...rest, region, problem, uses: JSON.stringify(uses) };
}

function documentOf({ uses, problem, ...row }: Row): KnownDocument {
  return { ...row, problem: problem ?? undefined, uses: JSON.parse(uses) as Uses };
}
