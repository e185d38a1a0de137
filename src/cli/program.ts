import { Argument, Command, CommanderError, Option } from "commander";
import { errorMessage, Failure, type FailureCode, failureCodes as allCodes } from "../errors.ts";
import { isJournal, journalPrefix } from "../log/journal.ts";
import { VERSION } from "../version.ts";
import type { Actions } from "./actions.ts";
import { addCheckCommands } from "./check-program.ts";
import { type CommonOptions, type Context, exitCodes } from "./command.ts";
import { age, positive, seconds } from "./option-values.ts";
import { addLookCommands } from "./look-program.ts";
import { addStageCommands } from "./stage-program.ts";
import type { Shell } from "./commands/completion.ts";
import type { NameKind } from "./commands/names.ts";
import { tell } from "./output/print.ts";
import { isStoreError, storeHint } from "../store/open.ts";

/** Runs the command that the arguments name; only that one is loaded. Returns the exit code. */
export async function runProgram(args: readonly string[], context: Context): Promise<number> {
  let code: number = exitCodes.done;
  const program = new Command("staging-sampler")
    .description("Publishes a small, real sample of every file that lands in a data lake.")
    .version(VERSION)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.out.write(text),
      // What was not understood is said again; it may be a URL.
      writeErr: (text) => tell(context, withoutPasswords(text.trimEnd())),
    })
    .addHelpText(
      "after",
      "\nExit codes: 0 done, 1 failed, 2 usage, 3 done but entries failed,\n75 another one runs, 78 configuration.",
    );

  const common: Actions["common"] = (parent, name, description) =>
    parent
      .command(name)
      .description(description)
      .option("--config <file>", "configuration file (else $STAGING_SAMPLER_CONFIG, else /etc/…)")
      .option(
        "--prefix <dir>",
        "root of the lake (else that of --config, else $FP_PREFIX, else the configuration)",
      );
  const add = (name: string, description: string) => common(program, name, description);
  const does: Actions["does"] = (load) => async (options) => {
    code = await (await load())(options, context);
  };
  const about: Actions["about"] = (argument, load) => async (value, options) => {
    const named = value === undefined ? {} : { [argument]: value };
    code = await (await load())({ ...options, ...named }, context);
  };
  const actions: Actions = { common, does, about };
  const withCode = (what: string) => new Option("--code <code>", what).choices(allCodes);

  add("run", "the daemon: sample what manifests announce, until SIGTERM")
    .option("--once", "one pass, then exit")
    .option("--dry-run", "say what one pass would do, and do nothing")
    .option("--json", "with --once: print the summary as JSON")
    .action(does(async () => (await import("./commands/run.ts")).run));
  const one = (flags: string, description: string) =>
    new Option(flags, description).conflicts("stdin");
  add("append", "announce a file, or many: atomic appends to their dataset's manifest")
    .requiredOption("--dataset <v/d/n>", "vendor/dataset/version")
    .addOption(one("--raw <path>", "the file as it arrived"))
    .addOption(one("--bronze <path>", "its copy in bronze"))
    .addOption(
      one("--mtime <seconds>", "of the raw file, since epoch (else read from raw, else bronze)"),
    )
    .option("--stdin", "many: lines of stdin, entries as JSON or paths of files in bronze")
    .option("--strict", "append no entry whose bronze, or whose dataset's bronze/, is not there")
    .option("--json", "print the line as it was appended; with --stdin, the counts")
    .action(does(async () => (await import("./commands/append.ts")).append));
  add("scan", "files in bronze that no manifest line names; with --write, lines for them")
    .option("--dataset <glob>", "only datasets that match")
    .option("--write", "append a line for each, as `append` does; without it, nothing is written")
    .option("--min-age <seconds>", "take files that have not changed for so long", age, 60)
    .option("--json", "a JSON array")
    .action(does(async () => (await import("./commands/scan.ts")).scan));
  add("status", "is it well: what runs, how far behind, what failed, how fast")
    .option("--watch [seconds]", "show it again and again (2 when not given)", seconds)
    .option("--all", "every dataset; else those that are behind or failed, and some others")
    .option("--json", "for programs")
    .action(does(async () => (await import("./commands/status.ts")).status));
  add("list", "entries and what became of them")
    .argument("[glob]", "only raws that match, such as 'raw/2026/**'")
    .option("--dataset <glob>", "only datasets that match")
    .addOption(
      new Option("--outcome <what>", "only these").choices([
        "sampled",
        "described",
        "failed",
        "pruned",
        "waiting",
      ]),
    )
    .addOption(
      new Option(
        "--validation <verdict>",
        "only those whose newest sample has this verdict",
      ).choices(["passed", "warned", "failed", "error"]),
    )
    .addOption(withCode("only those whose last try failed with this code"))
    .option("--format <glob>", "only those sampled as this: csv, tsv, csv.gz, '*.gz', metadata, …")
    .option("--since <time>", "settled since then: ISO 8601, or an age such as 90m, 12h, 7d")
    .option("--limit <n>", "print at most this many", positive)
    .option("--newest", "the last settled first, instead of by dataset and raw")
    .option("--json", "a JSON array")
    .addOption(new Option("--csv", "comma-separated values").conflicts("json"))
    .action(about("glob", async () => (await import("./commands/list.ts")).list));
  add("audit", "manifests, cache and samples on disk: do they agree?")
    .option("--dataset <glob>", "only datasets that match")
    .option("--repair", "make due what is missing")
    .option("--json", "for programs")
    .action(does(async () => (await import("./commands/audit.ts")).audit));
  add("failures", "what failed, why, and when it is tried again; manifest lines that are no entry")
    .argument("[glob]", "only entries whose raw matches, such as 'raw/2026/**'; no lines")
    .option("--dataset <glob>", "only datasets that match")
    .addOption(withCode("only failures with this code; LINE_INVALID: only lines"))
    .option("--json", "a JSON array; kind says: entry or line")
    .action(about("glob", async () => (await import("./commands/failures.ts")).failures));
  add("retry", "make failed entries due again, all or some; a running daemon takes them")
    .argument("[glob]", "only raws that match, such as 'raw/2026/**', and then pruned ones too")
    .option("--dataset <glob>", "only datasets that match")
    .addOption(withCode("only what failed with this code"))
    .option("--json", "for programs")
    .action(about("glob", async () => (await import("./commands/retry.ts")).retry));
  add("acknowledge", "bad lines and failures without another try are seen: no trouble any more")
    .argument("[glob]", "only entries whose raw matches, such as 'raw/2026/**'; no lines")
    .option("--dataset <glob>", "only datasets that match")
    .addOption(withCode("only what failed with this code; LINE_INVALID: only lines"))
    .option("--lines", "only manifest lines")
    .option("--undo", "take it back")
    .option("--json", "for programs")
    .action(about("glob", async () => (await import("./commands/acknowledge.ts")).acknowledge));
  addLookCommands(program, actions);
  addCheckCommands(program, actions);
  add("prune", "apply retention now: remove the oldest samples (a daemon does it by itself)")
    .option("--dataset <glob>", "only datasets that match")
    .option("--dry-run", "say what would be removed, and do nothing")
    .option("--json", "for programs")
    .action(does(async () => (await import("./commands/prune.ts")).prune));
  add("forget", "a dataset that is gone, or one raw, is known of no more")
    .argument("<what>", "a dataset (vendor/dataset/version), or a raw as its manifest line says it")
    .option("--dataset <v/d/n>", "the dataset that the raw is in, where several have it")
    .option("--samples", "remove its samples as well; says how many first")
    .option("--dry-run", "say what would be forgotten, and do nothing")
    .option("--json", "for programs")
    .action(about("what", async () => (await import("./commands/forget.ts")).forget));
  add("migrate", "take what is known from the cache to a PostgreSQL database, or back")
    .option("--to <url>", "from the cache to this database: postgresql://user@host/database")
    .addOption(new Option("--from <url>", "from this database to the cache").conflicts("to"))
    .option("--json", "for programs")
    .action(does(async () => (await import("./commands/migrate.ts")).migrate));
  add("check", "configuration, permissions, manifests: all valid? touches nothing")
    .option("--json", "for programs")
    .action(does(async () => (await import("./commands/check.ts")).check));

  addStageCommands(program, actions);

  const printNames = does(async () => (await import("./commands/names.ts")).names);
  add("names", "names that begin with a text; the scripts of `completion` ask for them")
    .addArgument(new Argument("<kind>").choices(["datasets", "raws", "formats"]))
    .argument("[beginning]", "all of them when it is not given")
    .action((kind: NameKind, beginning: string | undefined, options: CommonOptions) =>
      printNames({ ...options, kind, beginning }),
    );

  program
    .command("completion")
    .description("print a script that has a shell complete commands, options and their values")
    .addArgument(new Argument("<shell>", "bash, zsh or fish").choices(["bash", "zsh", "fish"]))
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./commands/completion.ts");
      context.out.write(completionScript(program, shell));
    });

  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    return exitCodeOfError(error, context);
  }
}

/** Text without what could be a user and a password in a URL, as far as one goes. */
function withoutPasswords(text: string): string {
  return text.replace(/(\w:\/\/)\S*@/g, "$1…@");
}

const failureCodes: { readonly [K in FailureCode]?: number } = {
  USAGE: exitCodes.usage,
  CONFIG_INVALID: exitCodes.config,
  ALREADY_RUNNING: exitCodes.alreadyRunning,
};

function exitCodeOfError(error: unknown, { err, env }: Context): number {
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  const prefix = isJournal(2, env) ? journalPrefix("error") : "";
  const say = (text: string) => tell({ err }, `staging-sampler: ${text}`.replaceAll(/^/gm, prefix));
  if (error instanceof Failure) {
    say(`${error.code}: ${error.message}`);
    return failureCodes[error.code] ?? exitCodes.failed;
  }
  if (isStoreError(error)) {
    say(`CACHE_UNUSABLE: ${errorMessage(error)} (${storeHint(error)})`);
    return exitCodes.failed;
  }
  say(`unexpected: ${(error as Error)?.stack ?? String(error)}`);
  return exitCodes.failed;
}
