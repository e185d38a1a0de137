import { Failure } from "../../errors.ts";
import { type Context, exitCodes, nameLake } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { type FailureOptions, failureFilter } from "../filter.ts";

import { printJson, printLine } from "../output/print.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { explainNothing } from "../nothing-found.ts";
import { changeStore, holderOf } from "../../store/open.ts";

/**
 * Makes failed entries due again, with a glob also pruned ones, beside the daemon or without one.
 * @throws Failure USAGE, CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function retry(options: FailureOptions, context: Context): Promise<number> {
  if (options.code === "LINE_INVALID") {
    const cure = "mend the line and append it again; `failures --code LINE_INVALID` lists them";
    throw new Failure("USAGE", `a line that is no entry cannot be retried: ${cure}`);
  }
  const settings = settingsFor(options, context);
  nameLake(settings, context);
  // Naming raws means all that have no sample, not only those that failed.
  const withPruned = options.glob !== undefined && options.code === undefined;
  const filter = { ...failureFilter(options), withPruned };
  const retried = await changeStore(settings, async ({ changes, queries }) => {
    needDataset(options.dataset, await queries.datasets());
    const found = await changes.retry(filter, Date.now());
    if (found.size === 0) await explainNothing(queries, options, context);
    return found;
  });
  const datasets = [...retried].map(([dataset, entries]) => ({ dataset, entries }));
  const total = datasets.reduce((sum, { entries }) => sum + entries, 0);
  const running = (await holderOf(settings)) ?? null;
  if (options.json === true) {
    printJson(context, { entries: total, datasets, running });
    return exitCodes.done;
  }
  for (const { dataset, entries } of datasets) {
    printLine(context, `${dataset}: ${entries} made due`);
  }
  if (total === 0) printLine(context, "no failed entry matches");
  else if (running === null) printLine(context, "nothing runs: the next `run` takes them");
  else printLine(context, `the daemon (pid ${running.pid}) takes them with its next pass`);
  return exitCodes.done;
}
