import type { Queries } from "../queries.ts";
import { acknowledgedLinesOf } from "./acknowledge.ts";
import { checkpointsOf } from "./checkpoints.ts";
import { datasetsOf } from "./datasets.ts";
import type { Db } from "./open.ts";
import { auditedOf } from "./queries/audit.ts";
import { backlogOf } from "./queries/backlog.ts";
import { rawsOfBronze } from "./queries/bronze.ts";
import { browse, neighboursOf } from "./queries/browse.ts";
import { entriesOf } from "./queries/entry.ts";
import { failedEntries, rejectedLines } from "./queries/failures.ts";
import { formatsOf, listEntries } from "./queries/list.ts";
import { nearRaws, rawsBeginning, rawsEnding } from "./queries/near-raws.ts";
import { countsByCode, newestFailures, newestLines } from "./queries/newest-failures.ts";
import { rawsContaining } from "./queries/raws-containing.ts";
import { rawsOfSample } from "./queries/sample-name.ts";
import { datasetTotals, failuresByCode } from "./queries/totals.ts";

/** The part of a cache for those who look. */
export function queriesOf(db: Db): Queries {
  const { all, idOf } = datasetsOf(db);
  const checkpoints = checkpointsOf(db);
  const audited = auditedOf(db);
  const backlog = backlogOf(db);
  return {
    hosts: async () => [],
    datasets: async () => all(),
    checkpoints: async (dataset) => checkpoints.of(idOf(dataset)),
    totals: async (now) => datasetTotals(db, now),
    backlog: async (now, isSampled) => backlog(now, isSampled),
    failuresByCode: async () => failuresByCode(db),
    countsByCode: async (dataset) => countsByCode(db, dataset),
    newestFailures: async (datasets, wanted) => newestFailures(db, datasets, wanted),
    newestLines: async (count, dataset) => newestLines(db, count, dataset),
    entries: (filter) => later(listEntries(db, filter)),
    browse: async (options) => browse(db, options),
    neighbours: async (entry) => neighboursOf(db, entry),
    failedEntries: (filter) => later(failedEntries(db, filter)),
    rejectedLines: (filter) => later(rejectedLines(db, filter)),
    acknowledgedLines: async (dataset) => acknowledgedLinesOf(db, dataset),
    formats: async () => formatsOf(db),
    entriesOf: async (raw, dataset) => entriesOf(db, raw, dataset),
    rawsOfSample: async (name, dataset) => rawsOfSample(db, name, dataset),
    rawsOfBronze: async (bronze) => rawsOfBronze(db, bronze),
    nearRaws: async (misspelt) => nearRaws(db, misspelt),
    rawsEnding: async (misspelt) => rawsEnding(db, misspelt),
    rawsBeginning: async (misspelt) => rawsBeginning(db, misspelt),
    rawsContaining: async (part) => rawsContaining(db, part),
    recordedSamples: async (dataset, after, count) => audited.after(idOf(dataset), after, count),
    missingOf: async (dataset, raws) => audited.missingOf(idOf(dataset), raws),
    orphansAmong: async (dataset, names) => audited.orphansAmong(idOf(dataset), names),
  };
}

/** Yields the same items one by one, for callers that wait for each. */
async function* later<T>(all: Iterable<T>): AsyncGenerator<T, void, void> {
  yield* all;
}
