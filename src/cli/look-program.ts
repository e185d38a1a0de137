import { type Command, Option } from "commander";
import { programs } from "../view/code.ts";
import type { Actions } from "./actions.ts";
import { names, positive, seconds, width } from "./option-values.ts";

/** Adds the commands for looking at files: one, all of them, in a browser, outside of a lake. */
export function addLookCommands(program: Command, { common, does, about }: Actions): void {
  const add = (name: string, description: string) => common(program, name, description);
  add("explain", "all about one entry: state, sample, receipts, manifest lines; writes nothing")
    .argument("<raw>", "as its manifest line says it")
    .option("--dataset <v/d/n>", "only in this dataset (else in all that have it)")
    .option("--json", "for programs")
    .action(about("raw", async () => (await import("./commands/explain.ts")).explain));
  add("show", "a sample as tables, with where it comes from; or what there is of a file without")
    .argument("<what>", "a raw as its manifest line says it, a sample, or a file in the lake")
    .option("--dataset <v/d/n>", "only in this dataset (else in all that have it)")
    .option("--rows <n>", "rows of each table", positive, 20)
    .option("--columns <names>", "only these columns, separated by commas", names)
    .addOption(new Option("--schema", "names and types of columns only").conflicts("json"))
    .addOption(
      new Option(
        "--profile",
        "of each column: nulls, distinct values, least, greatest, …",
      ).conflicts("schema"),
    )
    .addOption(
      new Option(
        "--code [program]",
        "the line that reads the file: duckdb, pandas, polars, spark (else all)",
      )
        .choices(programs)
        .conflicts(["json", "output", "schema", "profile", "vertical"]),
    )
    .addOption(new Option("--vertical", "each row on lines of its own, with whole values"))
    .addOption(
      new Option("-o, --output <form>", "the tables alone, with whole values")
        .choices(["csv", "json", "md"])
        .conflicts(["json", "vertical"]),
    )
    .option("--width <n>", "columns to fit into; 0: no limit (else the terminal's)", width)
    .option("--no-pager", "no $PAGER (else less) where a terminal is too small")
    .option("--json", "for programs")
    .action(about("what", async () => (await import("./commands/show.ts")).show));
  add("search", "files by their paths, columns by their names, samples by their values")
    .argument("[text]", "part of a path or of a column's name; whole words of a value")
    .addOption(new Option("--in <what>", "only these").choices(["files", "columns", "values"]))
    .option("--dataset <glob>", "only datasets that match")
    .option("--limit <n>", "print at most this many of each", positive, 20)
    .option("--seconds <n>", "look at samples that are in no index for so long", seconds, 10)
    .option("--index", "bring the index of values up to date first; without a text, only that")
    .option("--json", "a JSON array; kind says: file, column or value")
    .action(about("text", async () => (await import("./commands/search.ts")).search));
  add("serve", "the page, to look at a lake without its daemon; until Ctrl-C; writes nothing")
    .option("--listen <address>", "host:port, or the path of a unix socket", "127.0.0.1:9464")
    .action(does(async () => (await import("./commands/serve.ts")).serve));
  add("preview", "sample any file, without lake or cache: to stdout, or shown on a terminal")
    .argument("<file>", "a file, or - for stdin")
    .option("--rows <n>", "records in the sample (else 100)", positive)
    .option("--bytes <size>", "size of the sample before compression, such as 64KiB (else 1MiB)")
    .addOption(
      new Option(
        "--strategy <name>",
        "which records: the first ones, from all over, at random",
      ).choices(["head", "spread", "reservoir"]),
    )
    .option("--parts <n>", "places that a spread takes records from (else 10)", positive)
    .option("--out <file>", "write the sample there")
    .option("--force", "replace that file")
    .option("--format <name>", "what it is, where the name does not tell: csv, jsonl, csv.gz, …")
    .option("--width <n>", "columns to fit into; 0: no limit (else the terminal's)", width)
    .option("--no-pager", "no $PAGER (else less) where a terminal is too small")
    .option("--json", "what was sampled, and the sample as tables")
    .action(about("file", async () => (await import("./commands/preview.ts")).preview));
}
