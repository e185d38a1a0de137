import type { Claim } from "../../drain-store.ts";
import { TurnLost } from "../../turns.ts";
import type { Db, Sql } from "../connect.ts";
import type { OpenTurns } from "./turns.ts";

/**
 * Those that hold a claim whose turn is still ours, and those that came too late. Within a
 * transaction the turns stay ours until it ends.
 */
export async function splitByTurn<T extends { readonly claim: Claim }>(
  sql: Sql,
  turns: OpenTurns | undefined,
  all: readonly T[],
): Promise<readonly [readonly T[], readonly T[]]> {
  if (turns === undefined) return [all, []];
  const kept = await turns.keep(
    sql,
    all.flatMap(({ claim }) => claim.job.turn ?? []),
  );
  const isKept = ({ claim }: T) => claim.job.turn !== undefined && kept.has(claim.job.turn);
  return [all.filter(isKept), all.filter((each) => !isKept(each))];
}

/** Does something to a dataset in one transaction, in its turn. @throws TurnLost, and what `work` throws */
export function whileOurs<T>(
  db: Db,
  { turns, dataset }: { readonly turns: OpenTurns | undefined; readonly dataset: string },
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  return db.transaction(async (sql) => {
    const nr = turns?.ofDataset(dataset);
    const isOurs =
      turns === undefined || (nr !== undefined && (await turns.keep(sql, [nr])).has(nr));
    if (!isOurs) throw new TurnLost(`another host looks after ${dataset} by now`);
    return work(sql);
  });
}
