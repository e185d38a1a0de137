import { openStoreToRead } from "../../store/open.ts";
import type { Queries } from "../../store/queries.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { drained, printLine } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** A kind of names that a shell can ask for. */
export type NameKind = "datasets" | "raws" | "formats";

/** Options of `names`. */
export interface NamesOptions extends CommonOptions {
  readonly kind: NameKind;
  readonly beginning: string | undefined;
}

/** Names that are offered, at most. */
const MOST = 200;

/**
 * Prints the names that begin with a text, for a shell that completes it.
 * @throws Failure CONFIG_INVALID or CACHE_UNUSABLE
 */
export async function names(options: NamesOptions, context: Context): Promise<number> {
  const { kind, beginning = "" } = options;
  await using store = await openStoreToRead(settingsFor(options, context));
  const all = await namesOf(store.queries, kind, beginning);
  const found = all.filter((name) => name.startsWith(beginning)).slice(0, MOST);
  for (const name of found) {
    printLine(context, name);
    await drained(context);
  }
  return exitCodes.done;
}

async function namesOf(
  queries: Queries,
  kind: NameKind,
  beginning: string,
): Promise<readonly string[]> {
  if (kind === "datasets") return queries.datasets();
  if (kind === "formats") return queries.formats();
  const found = await queries.rawsBeginning({ raw: beginning, count: MOST });
  return [...new Set(found.map(({ raw }) => raw))];
}
