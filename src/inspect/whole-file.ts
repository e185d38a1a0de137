import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { bronzePath } from "../lake/local-file.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { fileName } from "../lib/text.ts";
import type { WholeEntry } from "../store/rows.ts";
import type { Receipt } from "../samples/receipts.ts";
import { readWholeFile, saysItself } from "../view/whole-file.ts";
import type { Table } from "../view/view.ts";
import { rootsOf } from "./find.ts";

/** A bronze file that may be looked at, and where it has to be. */
export interface AtHand {
  readonly path: string;
  readonly options: { readonly name: string; readonly roots: readonly string[] };
}

/**
 * The bronze file of an entry; undefined where it must not be looked at by those who only look: a
 * masked dataset shows no content, an object elsewhere is not asked for, and what sampling was refused
 * is refused here, too.
 */
export async function bronzeAtHand(
  settings: Settings,
  { dataset, raw, bronze, code }: WholeEntry,
): Promise<AtHand | undefined> {
  if (code === "PATH_REFUSED" || isUrl(bronze)) return undefined;
  if (settings.forDataset(dataset).mask !== null) return undefined;
  const path = bronzePath(join(settings.prefix, dataset), bronze);
  return { path, options: { name: fileName(raw), roots: await rootsOf(settings) } };
}

/**
 * The facts of all rows that an entry's bronze file has at its end. Undefined where the sample has all
 * rows, and where the file is another one now. `read` reads it as `readWholeFile` does.
 */
export async function wholeFileOf(
  settings: Settings,
  { entry, receipt }: { readonly entry: WholeEntry; readonly receipt: Receipt | null },
  read: typeof readWholeFile = readWholeFile,
): Promise<Table | undefined> {
  const { format, sourceSize, stale } = entry;
  if (stale || receipt === null || receipt["complete"] === true) return undefined;
  if (!saysItself(format) || sourceSize === null) return undefined;
  const found = await bronzeAtHand(settings, entry);
  if (found === undefined) return undefined;
  try {
    const view = await read(found.path, { ...found.options, format, size: sourceSize });
    return view.tables[0];
  } catch (error) {
    // The sample stands for itself.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
