import { type Sql, STORE, tellAll } from "./connect.ts";

/**
 * Notes, within a transaction and at its end, that people or another process changed something that
 * the one that samples has to know of: `isChangedByOthers` is true for all stores but this one.
 */
export async function noteChange(sql: Sql): Promise<void> {
  // "number of changes, store of the last one, number of those before its first one in a row".
  await sql.run(
    `INSERT INTO facts (key, value)
       VALUES ('changes', concat_ws(' ', 1, current_setting('${STORE}'), 0))
     ON CONFLICT (host, key) DO UPDATE SET value = concat_ws(' ',
       split_part(facts.value, ' ', 1)::bigint + 1,
       current_setting('${STORE}'),
       CASE split_part(facts.value, ' ', 2) WHEN current_setting('${STORE}')
         THEN split_part(facts.value, ' ', 3) ELSE split_part(facts.value, ' ', 1) END)`,
  );
  await tellAll(sql);
}

/**
 * Returns a function that is true when another store noted a change since its last call; false the
 * first time.
 */
export function changedByOthersOf(sql: Sql): () => Promise<boolean> {
  let seen: number | undefined;
  return async () => {
    const { count, byOthers } = await changesIn(sql);
    const before = seen ?? count;
    seen = count;
    return byOthers > before;
  };
}

/** Number of changes so far, and of those up to the last one of another store. */
async function changesIn(sql: Sql): Promise<{ readonly count: number; readonly byOthers: number }> {
  const found = await sql.get<{ value: string; us: string }>(
    `SELECT value, current_setting('${STORE}') AS us FROM facts WHERE host = 0 AND key = 'changes'`,
  );
  if (found === undefined) return { count: 0, byOthers: 0 };
  const [count, store, before] = found.value.split(" ") as [string, string, string];
  return { count: Number(count), byOthers: Number(store === found.us ? before : count) };
}
