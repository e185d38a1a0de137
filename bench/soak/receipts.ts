import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { type Dataset, keyOf, mustFail } from "./lake.ts";
import type { Fault } from "./tally.ts";

/** Findings in the receipts since the last look. */
export interface ReceiptFindings {
  /** Samples that were made of a version that had one already. */
  readonly redone: number;
  readonly faults: readonly { readonly fault: Fault; readonly what: string }[];
}

interface Receipt {
  readonly raw: string | null;
  readonly mtime: number | null;
  readonly outcome: string;
  readonly message?: string;
}

/** Makes the function that compares what is new in a dataset's receipts with what was announced. */
export function createReceiptReader(): (dataset: Dataset) => ReceiptFindings {
  const offsets = new Map<string, number>();

  return (dataset) => {
    const path = join(dataset.directory, "samples/_receipts.jsonl");
    const { text, end } = linesFrom(path, offsets.get(path) ?? 0);
    offsets.set(path, end);
    const receipts = text.map((line) => JSON.parse(line) as Receipt);
    return compare(dataset, receipts);
  };
}

function compare(dataset: Dataset, receipts: readonly Receipt[]): ReceiptFindings {
  const faults: { fault: Fault; what: string }[] = [];
  const before = [...dataset.raws.values()].filter(({ isSampled }) => isSampled);
  const sampled = new Set(before.map(({ path, version }) => keyOf(path, version?.mtime ?? NaN)));
  const lastOf = new Map<string, Receipt>();
  let redone = 0;
  for (const receipt of receipts) {
    const { raw, mtime, outcome } = receipt;
    if (raw === null || mtime === null) continue;
    const key = keyOf(raw, mtime);
    if (!dataset.announced.has(key)) faults.push({ fault: "invented", what: `receipt of ${key}` });
    if (outcome === "sampled" && sampled.has(key)) redone += 1;
    if (outcome === "sampled") sampled.add(key);
    lastOf.set(raw, receipt);
  }
  for (const [raw, { mtime, outcome }] of lastOf) {
    const version = dataset.raws.get(raw)?.version;
    const expected = version !== undefined && mustFail(version) ? "failed" : "sampled";
    if (version === undefined || (version.mtime === mtime && outcome === expected)) continue;
    faults.push({ fault: "lost", what: `last receipt of ${raw} is ${outcome} ${mtime}` });
  }
  const messages = receipts.map(({ message }) => message ?? "").join("\n");
  for (const bad of dataset.bad) {
    if (!messages.includes(bad)) faults.push({ fault: "lost", what: `no receipt of "${bad}"` });
  }
  return { redone, faults };
}

/** Whole lines from an offset, and the offset after them. @throws errno */
function linesFrom(path: string, offset: number): { text: string[]; end: number } {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(fstatSync(file).size - offset);
    readSync(file, bytes, 0, bytes.length, offset);
    const length = bytes.lastIndexOf(0x0a) + 1;
    const text = bytes.toString("utf8", 0, length).split("\n").slice(0, -1);
    return { text, end: offset + length };
  } finally {
    closeSync(file);
  }
}
