import { matchesGlob } from "node:path";
import {
  type Audit,
  auditDataset,
  type Finding,
  type FindingKind,
  findingKinds,
} from "../../inspect/audit.ts";
import { createLake } from "../../lake/lake.ts";
import { errorMessage, Failure, systemErrorIn } from "../../errors.ts";
import { createBar } from "../output/progress-bar.ts";
import { type Context, exitCodes, type InspectOptions, nameLake } from "../command.ts";
import { settingsFor } from "../settings-for.ts";

import { printJson, printLine, printText, table } from "../output/print.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { changeStore, holderOf, openStoreToRead } from "../../store/open.ts";
import type { StorePlace } from "../../store/types.ts";
import type { Queries } from "../../store/queries.ts";

/** Options of `audit`. */
export interface AuditOptions extends InspectOptions {
  readonly dataset?: string;
  readonly repair?: boolean;
}

type Counts = Record<FindingKind, number>;

interface AuditedDataset {
  readonly dataset: string;
  readonly counts: Counts;
  /** Entries made due again. */
  readonly repaired: number;
  readonly findings: readonly Finding[];
}

/** Findings that are shown of a dataset; all are counted. */
const SHOWN = 20;
/** Rows that are written at once, so that a daemon beside us gets its turn. */
const REPAIRED_AT_ONCE = 1000;
const wrong: readonly FindingKind[] = ["failed", "missing", "lost", "moved"];

/**
 * Compares manifests, cache and samples on disk. With `--repair`, missing samples are made due, and
 * a dataset that lost lines has its manifests read again. Datasets that cannot be read are named,
 * and the others are audited.
 * @throws Failure CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function audit(options: AuditOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  if (options.repair === true) nameLake(settings, context);
  await using store = await openStoreToRead(settings);
  const { queries } = store;
  const isRunning = (await holderOf(settings)) !== undefined;
  const lake = createLake(settings);
  const audited: AuditedDataset[] = [];
  const glob = options.dataset ?? "**";
  const bar = createBar(context, "checks");
  const total = await workOf(queries, glob);
  let looked = 0;
  let isWhole = true;
  const onLooked = (count: number): void => {
    looked += count;
    bar.update(looked, () => total);
  };
  try {
    const datasets = await queries.datasets();
    needDataset(options.dataset, datasets);
    for (const dataset of datasets) {
      if (!matchesGlob(dataset, glob)) continue;
      const checkpoints = await queries.checkpoints(dataset);
      const repairs = options.repair === true ? settings : undefined;
      try {
        using held = lake.hold(dataset);
        const { raw } = settings.forDataset(dataset);
        const one = { dataset: held, queries, checkpoints, raw, isRunning, onLooked };
        audited.push({ dataset, ...(await auditOne(one, repairs)) });
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        isWhole = false;
        bar.say(`${dataset} is left out, it cannot be read: ${errorMessage(error)}`);
      }
    }
  } finally {
    bar.end();
  }
  if (options.json === true) printJson(context, audited);
  else print(audited, context);
  if (!isWhole) return exitCodes.failed;
  const isWrong = audited.some(({ counts }) => wrong.some((kind) => counts[kind] > 0));
  return isWrong ? exitCodes.entriesFailed : exitCodes.done;
}

/** True when manifests or samples of a dataset cannot be read: permissions, or a disk. */
function isUnreadable(error: unknown): boolean {
  if (error instanceof Failure) {
    return /^(MANIFEST_UNREADABLE|OUTPUT_UNWRITABLE|FILE_MISSING|PATH_REFUSED)$/.test(error.code);
  }
  return systemErrorIn(error) !== undefined;
}

/** About how many entries, lines and files there are to look at: most entries have a sample. */
async function workOf(queries: Queries, glob: string): Promise<number> {
  let work = 0;
  for (const { dataset, entries, sampled } of await queries.totals(Date.now())) {
    if (!matchesGlob(dataset, glob)) continue;
    const files = await queries.checkpoints(dataset);
    work += files.reduce((lines, { line }) => lines + line, entries + sampled);
  }
  return work;
}

/** Audits a dataset; also repairs it where `store` is given. */
async function auditOne(
  one: Audit,
  store: StorePlace | undefined,
): Promise<Omit<AuditedDataset, "dataset">> {
  const counts = Object.fromEntries(findingKinds.map((kind) => [kind, 0])) as Counts;
  const findings: Finding[] = [];
  const missing: string[] = [];
  let repaired = 0;
  const { name } = one.dataset;
  const repair = async (): Promise<void> => {
    const raws = missing.splice(0);
    if (store === undefined || raws.length === 0) return;
    repaired += await changeStore(store, ({ changes }) => changes.makeDue(name, raws, Date.now()));
  };
  for await (const finding of auditDataset(one)) {
    counts[finding.kind] += 1;
    if (finding.why !== undefined && findings.length < SHOWN) findings.push(finding);
    if (finding.kind === "missing") missing.push(finding.raw as string);
    if (missing.length >= REPAIRED_AT_ONCE) await repair();
  }
  await repair();
  if (store !== undefined && counts.lost > 0) {
    // Without a checkpoint everything is read again, and what is known is not sampled again.
    await changeStore(store, ({ ingest }) => ingest.replaceCheckpoints(name, []));
  }
  return { counts, repaired, findings };
}

function print(audited: readonly AuditedDataset[], context: Context): void {
  const rows = audited.map(({ dataset, counts }) => [
    dataset,
    ...findingKinds.map((kind) => counts[kind]),
  ]);
  printText(context, table(["dataset", ...findingKinds], rows));
  for (const { dataset, findings, counts, repaired } of audited) {
    for (const { kind, raw, sample, why } of findings) {
      printLine(context, `${kind} ${dataset}  ${raw ?? sample}: ${why}`);
    }
    if (repaired > 0) printLine(context, `${dataset}: ${repaired} made due`);
    if (counts.missing + counts.lost > 0 && repaired === 0) {
      printLine(context, `${dataset}: \`audit --repair\` makes due what is missing`);
    }
  }
}
