import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { type Dataset, keyOf, mustFail } from "./lake.ts";
import { judge, type Pair } from "./judge.ts";
import { sampler } from "./program.ts";
import { createReceiptReader } from "./receipts.ts";
import { type Listed, mayBeForgotten, type Settled } from "./settled.ts";
import type { Fault, Tally } from "./tally.ts";

/** Compares a lake in which nothing is left to do with what production knows of it. */
export type Audit = (settled: Settled) => Promise<void>;

/** Options of `createAudit`. */
export interface Auditing {
  readonly datasets: readonly Dataset[];
  readonly config: string;
  readonly tally: Tally;
  /** Told of every fault. */
  readonly onFault: (fault: Fault, what: string) => void;
}

interface AuditedDataset {
  readonly dataset: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly object[];
}

/** Findings that the program's own audit may not have, and the fault that each would be. */
const unwanted: Readonly<Record<string, Fault>> = {
  waiting: "lost",
  stale: "lost",
  unread: "lost",
  missing: "lost",
  lost: "lost",
  orphan: "invented",
};

/** Makes the function; it begins with the receipts where it ended before. */
export function createAudit({ datasets, config, tally, onFault }: Auditing): Audit {
  const readReceipts = createReceiptReader();

  return async ({ listed, pending }) => {
    tally.audits += 1;
    for (const what of pending) onFault("lost", what);
    await checkOwnAudit();
    await checkSamples(listed);
    for (const dataset of datasets) {
      checkEntries(dataset, listed);
      checkReceipts(dataset);
      checkFiles(dataset);
      beginAnew(dataset, listed);
    }
  };

  async function checkOwnAudit(): Promise<void> {
    const audited = JSON.parse(await sampler(["audit", "--json"], config)) as AuditedDataset[];
    for (const { dataset, counts, findings } of audited) {
      for (const [kind, fault] of Object.entries(unwanted)) {
        if ((counts[kind] ?? 0) === 0) continue;
        onFault(fault, `audit of ${dataset}: ${counts[kind]} ${kind} ${JSON.stringify(findings)}`);
      }
    }
  }

  /** Entries of raws that there are, and outcomes as the content asks for them. */
  function checkEntries(dataset: Dataset, listed: Listed): void {
    for (const { raw, outcome, code, message, stale } of listed.get(dataset.name)?.values() ?? []) {
      const version = dataset.raws.get(raw)?.version;
      if (version === undefined) {
        onFault("invented", `entry ${dataset.name} ${raw}`);
      } else if (mustFail(version)) {
        // What is only known from a receipt has no code.
        const isKnown = !mayBeForgotten(dataset, version, tally.cacheRemovals > 0);
        const isRight = outcome === "failed" && (code === "FORMAT_INVALID" || !isKnown);
        if (!isRight) onFault("halfWritten", `${raw} is broken, and ${outcome} ${code}`);
      } else if (outcome !== "sampled" || stale) {
        onFault("lost", `${dataset.name} ${raw}: ${outcome} ${code} ${message}`);
      }
    }
  }

  async function checkSamples(listed: Listed): Promise<void> {
    const pairs = datasets.flatMap((dataset) => pairsOf(dataset, listed));
    const answers = await judge(pairs);
    tally.samplesJudged += pairs.length;
    for (const [i, { kind, bronze, sample }] of pairs.entries()) {
      if (answers[i] === undefined) continue;
      onFault("halfWritten", `${sample} of ${bronze} (${kind}): ${answers[i]}`);
    }
  }

  function checkReceipts(dataset: Dataset): void {
    const { redone, faults } = readReceipts(dataset);
    tally.redone += redone;
    for (const { fault, what } of faults) onFault(fault, `${dataset.name}: ${what}`);
  }

  /** No temporary files, and bronze as production left it. */
  function checkFiles(dataset: Dataset): void {
    const temporary = filesBelow(join(dataset.directory, "samples")).filter((path) =>
      path.endsWith(".tmp"),
    );
    for (const path of temporary) onFault("left", `${dataset.name}: ${path}`);
    const found = new Set(filesBelow(join(dataset.directory, "bronze")));
    for (const path of found) {
      const bronze = join("bronze", path);
      if (seen(join(dataset.directory, bronze)) === dataset.bronze.get(bronze)) continue;
      onFault("disturbed", `${dataset.name}: ${bronze}`);
    }
    for (const bronze of dataset.bronze.keys()) {
      if (found.has(relative("bronze", bronze))) continue;
      onFault("disturbed", `${dataset.name}: ${bronze} is gone`);
    }
  }
}

/** Newest versions that must have a sample. */
function pairsOf(dataset: Dataset, listed: Listed): Pair[] {
  return [...dataset.raws.values()].flatMap(({ path, version }) => {
    const sample = listed.get(dataset.name)?.get(path)?.sample;
    if (version === undefined || mustFail(version) || sample == null) return [];
    const bronze = join(dataset.directory, version.bronze);
    return [{ kind: version.content, bronze, sample: join(dataset.directory, sample), raw: path }];
  });
}

/**
 * Begins again: everything announced so far has been judged; only newest versions are remembered,
 * and kept.
 */
function beginAnew(dataset: Dataset, listed: Listed): void {
  dataset.announced.clear();
  dataset.bad.clear();
  const current = new Set<string>();
  for (const raw of dataset.raws.values()) {
    if (raw.version === undefined) continue;
    raw.isSampled = listed.get(dataset.name)?.get(raw.path)?.outcome === "sampled";
    dataset.announced.add(keyOf(raw.path, raw.version.mtime));
    current.add(raw.version.bronze);
  }
  for (const bronze of dataset.bronze.keys()) {
    if (current.has(bronze)) continue;
    rmSync(join(dataset.directory, bronze));
    dataset.bronze.delete(bronze);
  }
}

/** Files below a directory; those that go while it is read may be among them. */
export function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => !entry.isDirectory());
  return files.map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

/** The same as producer.py says of a file. */
function seen(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
