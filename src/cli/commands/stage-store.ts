import { bytesText, counted, printable } from "../../lib/text.ts";
import { pruneStore, verifyStore } from "../../staging/store-upkeep.ts";
import type { Stager } from "../../staging/stager.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printLine, printText, table, tabbed } from "../output/print.ts";
import { withStager } from "../with-stager.ts";

/** Options of `stage store`. */
export interface StageStoreOptions extends InspectOptions {
  readonly action: "list" | "verify" | "prune";
}

/** Lists the store, checks every byte of it, or brings it to its size. */
export async function stageStore(options: StageStoreOptions, context: Context): Promise<number> {
  const work = { list, verify, prune }[options.action];
  return await withStager(options, context, (stager) => work(stager, options, context));
}

async function list(
  { context: { store, settings } }: Stager,
  { json = false }: StageStoreOptions,
  context: Context,
): Promise<number> {
  const files = await store.files.list();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (json) {
    const listed = files.map(({ usedAt, ...file }) =>
      Object.assign(file, { lastUse: new Date(usedAt).toISOString() }),
    );
    const { store: directory, storeBytes: mostBytes } = settings;
    printJson(context, { directory, bytes, mostBytes, files: listed });
    return exitCodes.done;
  }
  const rows = files.map(({ sha256, bytes, usedAt, runs, locations }) => [
    context.out.isTTY ? bytesText(bytes) : bytes,
    new Date(usedAt).toISOString(),
    runs,
    sha256,
    locations.join(" "),
  ]);
  const layOut = context.out.isTTY ? table : tabbed;
  printText(context, layOut(["SIZE", "LAST USE", "RUNS", "SHA-256", "LOCATIONS"], rows));
  if (context.out.isTTY)
    printLine(
      context,
      `${counted(files.length, "file")}, ${bytesText(bytes)} of ${bytesText(settings.storeBytes)} in ${settings.store}`,
    );
  return exitCodes.done;
}

async function verify(
  stager: Stager,
  { json = false }: StageStoreOptions,
  context: Context,
): Promise<number> {
  const counts = { whole: 0, damaged: 0, missing: 0 };
  for await (const { sha256, state, locations } of verifyStore(stager.context)) {
    counts[state] += 1;
    if (state !== "whole" && !json)
      printLine(context, printable(`${state}: ${sha256}  ${locations.join(" ")}`));
  }
  if (json) printJson(context, counts);
  else
    printLine(
      context,
      `${counts.whole} whole, ${counts.damaged} damaged, ${counts.missing} missing` +
        (counts.damaged + counts.missing > 0 ? ": those are fetched again when wanted" : ""),
    );
  return counts.damaged + counts.missing > 0 ? exitCodes.failed : exitCodes.done;
}

async function prune(
  stager: Stager,
  { json = false }: StageStoreOptions,
  context: Context,
): Promise<number> {
  const removed = await pruneStore(stager.context);
  const bytes = removed.reduce((sum, file) => sum + file.bytes, 0);
  if (json) printJson(context, { removed: removed.length, bytes });
  else printLine(context, `${counted(removed.length, "file")} removed, ${bytesText(bytes)}`);
  return exitCodes.done;
}
