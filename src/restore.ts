import type { Db } from "./cache/open.ts";
import { type Remembered, restoreOf } from "./cache/rebuild.ts";
import { type Receipt, readReceipts } from "./samples/receipts.ts";

/**
 * Puts back into the cache what a dataset's receipts say, for a cache that was lost: what was
 * sampled is not sampled again. Returns how many receipts counted.
 * @throws errno
 */
export async function restoreDataset(db: Db, dataset: number, samples: string): Promise<number> {
  const restore = restoreOf(db);
  let restored = 0;
  for await (const receipts of readReceipts(samples)) {
    const remembered = receipts.map(rememberedOf).filter((receipt) => receipt !== undefined);
    restore(dataset, remembered);
    restored += remembered.length;
  }
  return restored;
}

function rememberedOf(receipt: Receipt): Remembered | undefined {
  const { raw, bronze, mtime, outcome, sample, at } = receipt;
  if (typeof raw !== "string" || typeof bronze !== "string" || typeof mtime !== "number")
    return undefined;
  if (outcome !== "sampled" && outcome !== "failed" && outcome !== "pruned") return undefined;
  const name = typeof sample === "string" ? sample.replace(/^samples\//, "") : null;
  const format = textOr(receipt["format"]);
  return {
    raw,
    bronze,
    mtime,
    outcome,
    sample: name,
    extension: extensionIn(name, format),
    format,
    rows: numberOr(receipt["rows"]),
    bytes: numberOr(receipt["bytes"]),
    sourceSize: numberOr(receipt["sourceSize"]),
    settledAt: typeof at === "string" ? Date.parse(at) || 0 : 0,
  };
}

/** The extension a sample got from its format, or null where it is raw's own. */
function extensionIn(name: string | null, format: string | null): string | null {
  if (format === "metadata") return ".meta.json";
  const isListing = format?.startsWith("tar") === true && name?.endsWith(".txt") === true;
  return isListing ? ".txt" : null;
}

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
