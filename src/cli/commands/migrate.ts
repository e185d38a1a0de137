import { Failure } from "../../errors.ts";
import { DATABASE_URL, isDatabaseUrl } from "../../lib/database-url.ts";
import { counted, printable } from "../../lib/text.ts";
import { migrate as migrateStore } from "../../store/migrate.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { createBar } from "../output/progress-bar.ts";
import { printJson, printLine } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `migrate`: one of the two. */
export interface MigrateOptions extends InspectOptions {
  /** URL of the database that takes what the cache knows. */
  readonly to?: string;
  /** URL of the database that gives it back. */
  readonly from?: string;
}

/**
 * Takes what is known of a lake from the cache to a database, or back.
 * @throws Failure USAGE, CONFIG_INVALID, ALREADY_RUNNING or CACHE_UNUSABLE
 */
export async function migrate(options: MigrateOptions, context: Context): Promise<number> {
  const { state } = settingsFor(options, context);
  const { to, from } = options;
  const database = to ?? from;
  if (database === undefined)
    throw new Failure("USAGE", "say where it goes, with --to, or where it comes from, with --from");
  // Not said again: it may have a password.
  if (!isDatabaseUrl(database))
    throw new Failure("USAGE", `a database is named as ${DATABASE_URL}`);
  const bar = createBar(context, "rows");
  try {
    const done = await migrateStore({
      state,
      database,
      to: to === undefined ? "cache" : "database",
      onRows: (rows, all) => bar.update(rows, () => all),
    });
    bar.end();
    if (options.json === true) {
      printJson(context, done);
      return exitCodes.done;
    }
    const rows = `${counted(done.entries, "entry", "entries")}, ${counted(done.rows, "row")} in all`;
    printLine(context, printable(`${done.from} → ${done.to}: ${rows}; counts and checksums agree`));
    printLine(context, printable(nextStep(options, done.keptAs)));
    return exitCodes.done;
  } finally {
    bar.end();
  }
}

function nextStep({ to }: MigrateOptions, keptAs: string | null): string {
  if (to !== undefined)
    return `name it in the configuration (database), then start; the cache is kept as ${keptAs}`;
  return "take database out of the configuration, then start; the database is left as it is";
}
