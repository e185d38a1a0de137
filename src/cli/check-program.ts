import { type Command, Option } from "commander";
import type { Actions } from "./actions.ts";
import type { DiffOptions } from "./commands/diff.ts";
import { positive } from "./option-values.ts";

/** Adds the commands for what samples show: drift, differences, contracts. */
export function addCheckCommands(program: Command, { common, does, about }: Actions): void {
  const add = (name: string, description: string) => common(program, name, description);
  const compare = does(async () => (await import("./commands/diff.ts")).diff);
  add("drift", "series of files, the shapes that they had, and what changed")
    .argument("[what]", "a raw, or a series as findings name it (else those that changed)")
    .option("--dataset <glob>", "only datasets that match")
    .option("--all", "series that never changed, too")
    .option("--forget", "forget the series: its next file is compared with nothing")
    .option("--json", "for programs")
    .action(about("what", async () => (await import("./commands/drift.ts")).drift));
  add("columns", "which datasets have a column: names and types in the newest shape of each series")
    .argument("[name]", "a name, or a glob such as '*mail*'; in any case (else all)")
    .option("--dataset <glob>", "only datasets that match")
    .option("--json", "a JSON array")
    .action(about("name", async () => (await import("./commands/columns.ts")).columns));
  add("diff", "the sample of a raw beside an earlier one: columns and rows that differ")
    .argument("<raw>", "as its manifest line says it")
    .argument("[other]", "the raw to compare with (else its own previous sample, else its series')")
    .option("--dataset <v/d/n>", "only in this dataset (else in all that have it)")
    .option("--rows <n>", "rows that differ, of each side", positive, 10)
    .option("--json", "for programs")
    .action((raw: string, other: string | undefined, options: DiffOptions) =>
      compare({ ...options, raw, ...(other === undefined ? {} : { other }) }),
    );
  add("validate", "hold files to their contract now: what does a sample refute of it?")
    .argument("[what...]", "files, raws, or globs for raws (else all that have a contract)")
    .option("--dataset <glob>", "only datasets that match")
    .option("--contract <file>", "this contract, in place of those that contracts.file names")
    .option("--junit <file>", "write a JUnit report there, in place of one that is there")
    .addOption(
      new Option("--fail-on <what>", "the verdict from which on the exit code is 3")
        .choices(["fail", "warn", "never"])
        .default("fail"),
    )
    .option("--json", "a JSON array, with all checks")
    .action(about("what", async () => (await import("./commands/validate.ts")).validate));
  add("contract", "print a contract to begin with: names and types, as a sample shows them")
    .argument("<what>", "a file, or a raw as its manifest line says it")
    .option("--dataset <v/d/n>", "only in this dataset (else in all that have it)")
    .action(about("what", async () => (await import("./commands/contract.ts")).contract));
}
