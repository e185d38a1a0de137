import type { FailedEntry, RejectedEntry } from "../../store/rows.ts";
import { type Context, exitCodes } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { type FailureOptions, failureFilter } from "../filter.ts";
import { counted } from "../../lib/text.ts";
import { arrayPrinter, drained, printLine } from "../output/print.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { explainNothing } from "../nothing-found.ts";
import { heldBy, isDue, nextText } from "../../inspect/state-text.ts";
import { waitingFor } from "../../inspect/waiting-for.ts";
import { holderOf, openStoreToRead } from "../../store/open.ts";

/**
 * Prints failures as they are read: entries, then rejected manifest lines.
 * @throws Failure CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function failures(options: FailureOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  await using store = await openStoreToRead(settings);
  const filter = failureFilter(options);
  const array = options.json === true ? arrayPrinter(context) : undefined;
  const now = Date.now();
  const { queries } = store;
  const waiting = await waitingFor(store.process, settings, (await holderOf(settings)) ?? null);
  needDataset(options.dataset, await queries.datasets());
  let isEmpty = true;
  for await (const entry of queries.failedEntries(filter)) {
    isEmpty = false;
    if (array === undefined)
      printLine(context, entryLine(entry, now, heldBy(waiting, entry.dataset)));
    else array.element({ kind: "entry", ...entry });
    await drained(context);
  }
  // A rejected line has no raw and one code: a glob or another code means none of them.
  const { glob, code = "LINE_INVALID" } = options;
  if (glob === undefined && code === "LINE_INVALID") {
    for await (const line of queries.rejectedLines(filter)) {
      if (array === undefined) printLine(context, rejectedLine(line));
      else array.element({ kind: "line", ...line });
      await drained(context);
    }
  }
  if (isEmpty) await explainNothing(queries, options, context);
  array?.end();
  return exitCodes.done;
}

function entryLine(
  { dataset, raw, ...failure }: FailedEntry,
  now: number,
  waitsFor: string | null,
): string {
  const { code, message, attempts, failedAt, nextAt } = failure;
  const why = isDue(nextAt, now) && waitsFor !== null ? `; waits: ${waitsFor}` : "";
  const what =
    code === null ? "failed; the cache was rebuilt, its receipt says why" : `${code}: ${message}`;
  const tries = counted(attempts, "try", "tries");
  const since = failedAt === null ? "" : ` since ${failedAt}`;
  const seen = failure.acknowledged ? "acknowledged; " : "";
  const next = nextText(failure, now);
  return `${dataset}  ${raw}  ${what}  (${seen}${tries}${since}; next: ${next}${why})`;
}

function rejectedLine({ dataset, path, line, offset, reason, ...rest }: RejectedEntry): string {
  const when = rest.acknowledged ? `acknowledged; ${rest.at}` : rest.at;
  return `${dataset}  manifests/${path} line ${line}, byte ${offset}: LINE_INVALID: ${reason}  (${when})`;
}
