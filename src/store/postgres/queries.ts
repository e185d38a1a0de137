import type { Queries } from "../queries.ts";
import { checkpointsOf } from "./checkpoints.ts";
import type { Db } from "./connect.ts";
import { datasetsOf } from "./datasets.ts";
import { hostsIn } from "./hosts.ts";
import { missingOf, orphansAmong, recordedSamples } from "./queries/audit.ts";
import { backlogAt } from "./queries/backlog.ts";
import { rawsOfBronze } from "./queries/bronze.ts";
import { browse, neighboursOf } from "./queries/browse.ts";
import { entriesOf } from "./queries/entry.ts";
import { acknowledgedLines, failedEntries, rejectedLines } from "./queries/failures.ts";
import { formatsOf, listEntries } from "./queries/list.ts";
import { nearRaws, rawsBeginning, rawsEnding } from "./queries/near-raws.ts";
import { countsByCode, newestFailures, newestLines } from "./queries/newest-failures.ts";
import { rawsContaining } from "./queries/raws-containing.ts";
import { rawsOfSample } from "./queries/sample-name.ts";
import { datasetTotals, failuresByCode } from "./queries/totals.ts";

/** The part of a database for those who look. */
export function queriesOf(db: Db): Queries {
  const { all, idOf } = datasetsOf(db);
  return {
    hosts: () => hostsIn(db),
    datasets: all,
    checkpoints: async (dataset) => checkpointsOf(db, await idOf(dataset)),
    totals: (now) => datasetTotals(db, now),
    backlog: (now, isSampled) => backlogAt(db, now, isSampled),
    failuresByCode: () => failuresByCode(db),
    countsByCode: async (dataset) => countsByCode(db, await idOf(dataset)),
    newestFailures: (datasets, wanted) => newestFailures(db, datasets, wanted),
    newestLines: (count, dataset) => newestLines(db, count, dataset),
    entries: (filter) => listEntries(db, filter),
    browse: (options) => browse(db, options),
    neighbours: (entry) => neighboursOf(db, entry),
    failedEntries: (filter) => failedEntries(db, filter),
    rejectedLines: (filter) => rejectedLines(db, filter),
    acknowledgedLines: async (dataset) => acknowledgedLines(db, await idOf(dataset)),
    formats: () => formatsOf(db),
    entriesOf: (raw, dataset) => entriesOf(db, raw, dataset),
    rawsOfSample: (name, dataset) => rawsOfSample(db, name, dataset),
    rawsOfBronze: (bronze) => rawsOfBronze(db, bronze),
    nearRaws: (misspelt) => nearRaws(db, misspelt),
    rawsEnding: (misspelt) => rawsEnding(db, misspelt),
    rawsBeginning: (misspelt) => rawsBeginning(db, misspelt),
    rawsContaining: (part) => rawsContaining(db, part),
    recordedSamples: async (dataset, after, count) =>
      recordedSamples(db, await idOf(dataset), after, count),
    missingOf: async (dataset, raws) => missingOf(db, await idOf(dataset), raws),
    orphansAmong: async (dataset, names) => orphansAmong(db, await idOf(dataset), names),
  };
}
