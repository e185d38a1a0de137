import type { MaskSettings } from "../config/mask-settings.ts";
import type { WholeEntry } from "../store/rows.ts";
import type { SettledOutcome } from "../store/types.ts";
import { decide, type Decision } from "../store/decide.ts";
import { systemMessage } from "../lake/errors.ts";
import { statEntry } from "../lake/held-directory.ts";
import type { HeldDataset, Lake } from "../lake/lake.ts";
import { shownBronze } from "../lib/bronze-url.ts";
import { holdManifests, holdManifestsIfAny } from "../manifest/directory.ts";
import { shownRecord } from "../masking/shown.ts";
import { planAll } from "../manifest/plan.ts";
import { readSegment } from "../manifest/read.ts";
import { readingAsIs } from "../manifest/reading-as-is.ts";
import { findPlace, holdSamples } from "../samples/directory.ts";
import { type Receipt, readReceipts } from "../samples/receipts.ts";

/** A manifest line that names the raw. */
export interface FoundLine {
  /** Below the dataset. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly mtime: number;
  readonly bronze: string;
}

/** The number of items, and the last few of them, oldest first. */
export interface LastOf<T> {
  readonly count: number;
  readonly last: readonly T[];
}

/** Everything about one entry. */
export interface Explanation {
  readonly entry: WholeEntry;
  /** The decision on a further line with the mtime of the newest one. */
  readonly decision: { readonly decision: Decision; readonly why: string };
  /** The recorded sample on disk; null where none is recorded. */
  readonly onDisk: {
    readonly is: "as recorded" | "missing" | "different";
    readonly bytes: number | null;
  } | null;
  /** The last receipt of a sample: its format, what recognised it, what cut it, its warnings. */
  readonly sampled: Receipt | null;
  readonly receipts: LastOf<Receipt>;
  readonly lines: LastOf<FoundLine>;
  /** Messages about what could not be read. */
  readonly problems: readonly string[];
}

const SHOWN = 20;

/**
 * Gathers everything about an entry; writes nothing. Receipts quote no file that is masked now.
 * @throws Failure where its dataset is not there
 */
export async function explainEntry(
  entry: WholeEntry,
  lake: Lake,
  mask: MaskSettings | null,
): Promise<Explanation> {
  const problems: string[] = [];
  using dataset = lake.hold(entry.dataset);
  const receipts = lastOf<Receipt>();
  let sampled: Receipt | null = null;
  await noting(problems, async () => {
    using samples = holdSamples(dataset);
    for await (const page of samples === undefined ? [] : readReceipts(samples)) {
      for (const written of page) {
        if (written.raw !== entry.raw) continue;
        const receipt = shownRecord(written, mask);
        receipts.add(receipt, timeOf(receipt));
        const isNewer = sampled === null || timeOf(receipt) >= timeOf(sampled);
        const isOfSample = receipt.outcome === "sampled" && receipt["confirmed"] !== true;
        if (isOfSample && isNewer) sampled = receipt;
      }
    }
  });
  const lines = lastOf<FoundLine>();
  await noting(problems, async () => {
    const { mode } = lake.settings.forDataset(entry.dataset).raw;
    using manifests = mode === "off" ? holdManifests(dataset) : holdManifestsIfAny(dataset);
    // Where raw files are sampled, there may be none, or none yet.
    if (manifests === undefined) return;
    for (const segment of (await planAll(manifests)).segments) {
      for await (const batch of readSegment(manifests, segment, readingAsIs)) {
        for (const [i, { raw, mtime, bronze }] of batch.entries.entries()) {
          if (raw !== entry.raw) continue;
          const path = `manifests/${segment.file.path}`;
          const line = batch.lines[i] as number;
          lines.add({ path, line, mtime, bronze: shownBronze(bronze) }, 0);
        }
      }
    }
  });
  return {
    entry,
    decision: decisionOn(entry),
    onDisk: onDisk(entry, dataset, problems),
    sampled,
    receipts: receipts.get(),
    lines: lines.get(),
    problems,
  };
}

function decisionOn(entry: WholeEntry): Explanation["decision"] {
  const { mtime, nextAt, outcome, doneMtime, confirmed } = entry;
  const at = nextAt === null ? null : Date.parse(nextAt);
  const decision = decide(mtime, { nextAt: at, outcome, doneMtime, isUnconfirmed: !confirmed });
  if (!confirmed && at === null) return { decision, why: "it confirms what was found by looking" };
  return { decision, why: whyOf(decision, outcome) };
}

function whyOf(decision: Decision, outcome: SettledOutcome | null): string {
  if (decision === "unchanged") return `this mtime was ${outcome}; any other would be due`;
  if (decision === "superseding") return "an earlier line still waits; the newest wins";
  if (outcome === "failed") return "the last try failed; any new line tries again";
  return "what was done was for another mtime";
}

function onDisk(
  { sample, bytes }: WholeEntry,
  dataset: HeldDataset,
  problems: string[],
): Explanation["onDisk"] {
  if (sample === null) return null;
  try {
    using samples = holdSamples(dataset);
    const name = sample.replace(/^samples\//, "");
    using place = samples === undefined ? undefined : findPlace(samples, name);
    const found = place === undefined ? undefined : statEntry(place.folder, place.file);
    if (found === undefined) return { is: "missing", bytes: null };
    const isAsRecorded = found.isFile() && found.size === bytes;
    return { is: isAsRecorded ? "as recorded" : "different", bytes: found.size };
  } catch (error) {
    problems.push(systemMessage(error));
    return { is: "missing", bytes: null };
  }
}

/** Does some work; an error becomes a problem, so that everything else is still explained. */
async function noting(problems: string[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    problems.push(systemMessage(error));
  }
}

/** Keeps the last few items by rank; of equal ones those that came last. */
function lastOf<T>(): { add(item: T, rank: number): void; get(): LastOf<T> } {
  let count = 0;
  let kept: { readonly item: T; readonly rank: number }[] = [];
  const cut = () => {
    kept = kept.toSorted((a, b) => a.rank - b.rank).slice(-SHOWN);
  };
  return {
    add(item, rank) {
      count += 1;
      kept.push({ item, rank });
      if (kept.length >= 2 * SHOWN) cut();
    },
    get() {
      cut();
      return { count, last: kept.map(({ item }) => item) };
    },
  };
}

function timeOf({ at }: Receipt): number {
  return typeof at === "string" ? Date.parse(at) || 0 : 0;
}
