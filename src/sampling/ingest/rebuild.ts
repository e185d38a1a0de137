import { type Verdict, verdicts } from "../../store/types.ts";
import type { ForgottenReceipt, Remembered } from "../../store/remembered.ts";
import type { HeldDirectory } from "../../lake/held-directory.ts";
import { isPath } from "../../lib/pep383.ts";
import { isSamplePath } from "../../samples/path.ts";
import { type Receipt, readReceipts } from "../../samples/receipts.ts";
import type { IngestStore } from "../../store/ingest-store.ts";

/** Options of `rebuildDataset`. */
export interface RebuildOptions {
  readonly dataset: string;
  /** Undefined where it has none. */
  readonly samples: HeldDirectory | undefined;
}

/**
 * Puts a dataset's receipts back into a store that was lost, so that what was sampled is not
 * sampled again. Yields the number of receipts that counted, page by page. Left half-way, it has to
 * be done again.
 * @throws errno, and what `readReceipts` throws
 */
export async function* rebuildDataset(
  store: IngestStore,
  { dataset, samples }: RebuildOptions,
): AsyncGenerator<number, void, void> {
  if (samples === undefined) return;
  const rebuild = await store.rebuild(dataset);
  for await (const receipts of readReceipts(samples)) {
    const remembered = receipts.map(rememberedOf).filter((receipt) => receipt !== undefined);
    await rebuild(remembered);
    yield remembered.length;
  }
}

function rememberedOf(receipt: Receipt): Remembered | ForgottenReceipt | undefined {
  const { raw, bronze, mtime, outcome, sample, at } = receipt;
  const settledAt = typeof at === "string" ? Date.parse(at) || 0 : 0;
  if (outcome === "forgotten" && raw === null) return { outcome, entry: null, settledAt };
  if (!isName(raw) || !isName(bronze)) return undefined;
  if (typeof mtime !== "number" || !Number.isFinite(mtime)) return undefined;
  if (outcome === "forgotten") return { outcome, entry: { raw, mtime }, settledAt };
  if (outcome !== "sampled" && outcome !== "failed" && outcome !== "pruned") return undefined;
  const published = typeof sample === "string" ? sample.replace(/^samples\//, "") : null;
  const name = published !== null && isSamplePath(published) ? published : null;
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
    from: receipt["from"] === "raw" ? "raw" : null,
    inode: textOr(receipt["inode"]),
    validation: verdictIn(receipt["validation"]),
    mask: textOr(receipt["mask"]),
    code: textOr(receipt["code"]),
    message: textOr(receipt["message"]),
    settledAt,
  };
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && isPath(value);
}

/** The extension a sample got from its format, or null where it is raw's own. */
function extensionIn(name: string | null, format: string | null): string | null {
  if (format === "metadata") return ".meta.json";
  const isListing = format?.startsWith("tar") === true && name?.endsWith(".txt") === true;
  return isListing ? ".txt" : null;
}

function verdictIn(validation: unknown): Verdict | null {
  const { result } = { result: undefined, ...(validation as { readonly result?: unknown } | null) };
  return verdicts.find((verdict) => verdict === result) ?? null;
}

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
