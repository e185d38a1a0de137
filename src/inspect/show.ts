import type { WholeEntry } from "../store/rows.ts";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { bronzePath } from "../lake/local-file.ts";
import { createLake } from "../lake/lake.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { fileName } from "../lib/text.ts";
import type { Mask } from "../masking/mask.ts";
import { checkShown, shownRecord } from "../masking/shown.ts";
import { holdSamples } from "../samples/directory.ts";
import { findReceipt } from "../samples/find-receipt.ts";
import type { Receipt } from "../samples/receipts.ts";
import { readHead, readView, type View, type ViewOptions } from "../view/view.ts";
import { type Found, rootsOf } from "./find.ts";
import { maskOfDataset } from "./mask-for.ts";
import { heldBy } from "./state-text.ts";

/** Everything that is shown of an entry or a file. */
export interface Shown {
  /** Null for a file that no entry is known for. */
  readonly entry: WholeEntry | null;
  readonly dataset: string | null;
  /** Absolute path of what is shown; null where nothing can be. */
  readonly path: string | null;
  /**
   * The sample; the file itself (bronze, or the one that was named), sampled just now; only its
   * first bytes; or nothing.
   */
  readonly shown: "sample" | "file" | "head" | "nothing";
  /** The last receipt of a sample of the entry. */
  readonly sampled: Receipt | null;
  /** The reason why something else, or nothing, is shown. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  readonly view: View | null;
  /** The reason why the entry is not done where it is due; null where nothing speaks against it. */
  readonly waitsFor: string | null;
}

type Wanted = Pick<ViewOptions, "rows" | "hasWholeCells">;

/**
 * Looks at the things that were found: samples, or whatever can be shown of files without one;
 * writes nothing.
 */
export async function lookAll(
  found: Found,
  settings: Settings,
  wanted: Wanted,
): Promise<readonly Shown[]> {
  const roots = await rootsOf(settings);
  if (found.kind === "file") {
    const { path, dataset } = found;
    const { extensions } = settings.forDataset(dataset ?? "");
    const mask = () => maskOfDataset(dataset, settings);
    const looked = await lookAt([{ shown: "file", path, mask }], { ...wanted, roots, extensions });
    return [{ entry: null, dataset, sampled: null, ...looked, waitsFor: null }];
  }
  const all: Shown[] = [];
  for (const entry of found.entries) {
    const looked = await lookAtEntry(entry, settings, wanted, roots);
    all.push({ ...looked, waitsFor: heldBy(found.waiting, entry.dataset) });
  }
  return all;
}

async function lookAtEntry(
  entry: WholeEntry,
  settings: Settings,
  wanted: Wanted,
  roots: readonly string[],
): Promise<Omit<Shown, "waitsFor">> {
  const { dataset, raw, bronze, sample, outcome } = entry;
  const directory = join(settings.prefix, dataset);
  const { extensions, mask: rules } = settings.forDataset(dataset);
  const path = bronzePath(directory, bronze);
  const mask = () => maskOfDataset(dataset, settings);
  const own = { shown: "file", path, name: fileName(raw), mask } as const;
  const unmasked = () => checkShown(rules, entry);
  const taken = { shown: "sample", path: join(directory, sample ?? ""), mask: unmasked } as const;
  const kept = sample === null ? [] : [taken];
  // What could not be sampled will not be now; its beginning may say why. An object elsewhere is not
  // asked for: what it takes is not for those who only look.
  const others = outcome === "failed" ? [] : [own];
  const heads = rules === null ? [{ ...own, shown: "head" } as const] : [];
  const here = isUrl(bronze) ? [] : [...others, ...heads];
  const looked = await lookAt([...kept, ...here], { ...wanted, roots, extensions });
  const receipt = await receiptFor(entry, settings);
  const sampled = receipt && shownRecord(receipt, rules);
  return { entry, dataset, sampled, ...looked };
}

/**
 * The receipt of an entry's sample; null where it cannot be found. The reason for that does not
 * matter to the view.
 */
async function receiptFor(entry: WholeEntry, settings: Settings): Promise<Receipt | null> {
  try {
    using dataset = createLake(settings).hold(entry.dataset);
    using samples = holdSamples(dataset);
    return samples === undefined ? null : await findReceipt(samples, entry);
  } catch (error) {
    if (error instanceof Failure) return null;
    throw error;
  }
}

/** Something that can be shown. */
interface Candidate {
  readonly shown: "sample" | "file" | "head";
  readonly path: string;
  readonly name?: string;
  /** The mask under which it is shown, if any. @throws Failure where it must not be shown */
  readonly mask: () => Mask | undefined | void;
}

/** The first of some files that can be shown, and the problem with the one before it. */
async function lookAt(
  candidates: readonly Candidate[],
  options: ViewOptions,
): Promise<Pick<Shown, "path" | "shown" | "problem" | "view">> {
  let problem: Shown["problem"] = null;
  for (const { shown, path, name, mask } of candidates) {
    try {
      const masked = { ...options, mask: mask() ?? undefined };
      const named = name === undefined ? masked : { ...masked, name };
      const view = await (shown === "head" ? readHead(path, named) : readView(path, named));
      return { path, shown, problem, view };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problem ??= { code: error.code, message: error.message };
    }
  }
  return { path: null, shown: "nothing", problem, view: null };
}
