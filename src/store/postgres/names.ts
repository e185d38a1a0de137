import type { Names } from "../ingest-store.ts";
import type { Db, Sql } from "./connect.ts";
import { bytesOf, textOf } from "../paths.ts";

/** A raw, and the names it may have. */
export interface Wanted {
  readonly raw: string;
  readonly names: Names;
}

/**
 * Gives each of some raws the first of its names that no other raw has, and keeps it for ever;
 * returns them in order. As a rule all get their plain name, in one statement.
 */
export async function claimNames(
  sql: Sql,
  dataset: number,
  wanted: readonly Wanted[],
): Promise<readonly string[]> {
  const plain = wanted.map(({ raw, names }) => claimOf(raw, names.plain, names));
  const gotPlain = await claimAll(sql, dataset, plain);
  const others = wanted
    .filter((_, i) => gotPlain[i] === false)
    .map(({ raw, names }) => claimOf(raw, names.ifTaken(), names));
  const gotOther = await claimAll(sql, dataset, others);
  const lost = others.find((_, i) => gotOther[i] === false);
  if (lost !== undefined) throw new Error(`no sample name is left for ${lost.raw}`);
  const rest = others.values();
  return plain.map((claim, i) =>
    gotPlain[i] === true ? claim.name : (rest.next().value as Claim).name,
  );
}

/** Gives a raw another name, since its content asked for it; returns the name it got. */
export function rename(
  db: Db,
  dataset: number,
  { raw, names, extension }: Wanted & { readonly extension: string | null },
): Promise<string> {
  const key = bytesOf(raw);
  const isIt = "dataset = $1 AND raw = $2";
  return db.transaction(async (sql) => {
    await sql.get(`SELECT 1 FROM files WHERE ${isIt} FOR UPDATE`, [dataset, key]);
    const [name] = await claimNames(sql, dataset, [{ raw, names }]);
    const text = `UPDATE files SET name = $3, extension = $4 WHERE ${isIt}`;
    await sql.run(text, [dataset, key, name, extension]);
    return name as string;
  });
}

/** A raw and a name that it asks for. */
interface Claim {
  readonly raw: string;
  readonly name: string;
  readonly foldsCase: boolean;
}

function claimOf(raw: string, name: string, { foldsCase = false }: Names): Claim {
  return { raw, name: textOf(name), foldsCase };
}

/** True for each raw that has the name now; also its folded form, where case does not count. */
async function claimAll(
  sql: Sql,
  dataset: number,
  claims: readonly Claim[],
): Promise<readonly boolean[]> {
  const got = await claim(sql, { dataset, isFolded: false }, claims);
  const folding = claims
    .filter(({ foldsCase }, i) => foldsCase && got[i] === true)
    .map(({ raw, name }) => ({ raw, name: name.normalize().toLowerCase() }));
  const gotFolded = (await claim(sql, { dataset, isFolded: true }, folding)).values();
  return claims.map(({ foldsCase }, i) =>
    foldsCase && got[i] === true ? gotFolded.next().value === true : got[i] === true,
  );
}

/** The names that are asked for: those of a dataset, folded or not. */
interface Among {
  readonly dataset: number;
  readonly isFolded: boolean;
}

/** True for each raw that has the name now. A name that several ask for goes to the first. */
async function claim(
  sql: Sql,
  { dataset, isFolded }: Among,
  claims: readonly Omit<Claim, "foldsCase">[],
): Promise<readonly boolean[]> {
  if (claims.length === 0) return [];
  const first = new Map<string, string>();
  for (const { name, raw } of claims) if (!first.has(name)) first.set(name, raw);
  const names = [...first.keys()];
  const claimed = await sql.run(
    `INSERT INTO names (dataset, name, is_folded, raw)
     SELECT $1::int, name, $2::boolean, raw FROM unnest($3::text[], $4::bytea[]) AS t (name, raw)
       ORDER BY name COLLATE "C"
     ON CONFLICT (dataset, name, is_folded) DO NOTHING`,
    [dataset, isFolded, names, [...first.values()].map(bytesOf)],
  );
  if (claimed === first.size) return claims.map(({ name, raw }) => first.get(name) === raw);
  const holders = await sql.all<{ raw: Buffer }>(
    `SELECT n.raw FROM unnest($3::text[]) WITH ORDINALITY AS w (name, at) CROSS JOIN LATERAL (
       SELECT raw FROM names WHERE dataset = $1 AND name = w.name AND is_folded = $2 LIMIT 1) AS n
     ORDER BY w.at`,
    [dataset, isFolded, names],
  );
  const holder = new Map(names.map((name, i) => [name, holders[i]?.raw]));
  return claims.map(({ name, raw }) => holder.get(name)?.equals(bytesOf(raw)) === true);
}
