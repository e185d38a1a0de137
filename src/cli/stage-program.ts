import { Argument, type Command, Option } from "commander";
import type { Actions } from "./actions.ts";
import { aboveZero, names, positive } from "./option-values.ts";

/** Days that a staging stays, by default. */
const DAYS = 7;
/** Hours that a script can be used, by default. */
const DAY_HOURS = 24;

/** Adds `stage` and its commands: files from elsewhere. */
export function addStageCommands(program: Command, { common, does, about }: Actions): void {
  const stage = program.command("stage").description("files from elsewhere, whole and verified");
  const addStage = (name: string, description: string) => common(stage, name, description);
  const run = does(async () => (await import("./commands/stage-run.ts")).stageRunCommand);
  const prices = does(async () => (await import("./commands/stage-prices.ts")).stagePrices);
  const progress = new Option("--progress <form>", "how far it is: on stderr").choices([
    "bar",
    "json",
  ]);
  addStage("get", "one file: a download that goes on where it broke off, and is verified")
    .argument("<location>", "https://…, http://…, s3://bucket/key, file:///…, or a path")
    .option("-o, --output <file>", "where to put it (else its own name, here)")
    .option("--sha256 <hash>", "what its bytes have to be, 64 hexadecimal digits")
    .option("--decompress", "write what is compressed in it: gzip, zstd, xz, bzip2, LZ4")
    .option("--force", "replace that file")
    .option("--json", "for programs")
    .action(about("location", async () => (await import("./commands/stage-get.ts")).stageGet));
  addStage("in", "the files of a data manifest, in a directory that stays until it is released")
    .argument("<manifest>", "JSON (name: location), a list of locations, fetch.txt, a BagIt folder")
    .option("--params <file>", "JSON in which names become paths; - for stdin")
    .option("--run-dir <dir>", "the run's directory: new or empty (else one below staging.runs)")
    .option("--strict", "a file that fails, fails the run")
    .addOption(progress)
    .option("--json", "for programs")
    .action(about("manifest", async () => (await import("./commands/stage-in.ts")).stageIn));
  addStage("run", "the same for one command: its files go when it ends")
    .argument("<manifest>", "as for stage in")
    .argument("<command...>", "after --: program and arguments; {name} becomes that parameter")
    .option("--params <file>", "JSON in which names become paths; - for stdin")
    .option("--strict", "without all files the command does not begin (recommended)")
    .option("--keep", "leave the run's directory")
    .addOption(progress)
    .option("--json", "the result for programs, with what the command printed")
    .action((manifest: string, command: readonly string[], options: object) =>
      run({ ...options, manifest, command }),
    );
  addStage("runs", "the runs that are there")
    .option("--json", "for programs")
    .action(does(async () => (await import("./commands/stage-runs.ts")).stageRuns));
  addStage("release", "let a run go: its directory is removed")
    .argument("<run>", "its id, or its directory")
    .action(about("run", async () => (await import("./commands/stage-runs.ts")).stageRelease));
  addStage("store", "staged files: list them, verify every byte, prune to staging.storeBytes")
    .addArgument(
      new Argument("[action]", "what to do").choices(["list", "verify", "prune"]).default("list"),
    )
    .option("--json", "for programs")
    .action(about("action", async () => (await import("./commands/stage-store.ts")).stageStore));
  addUploads({ addStage, does, about });
  addSetup({ addStage, does, about });
  addStagings({ addStage, does, about });
  addStage(
    "estimate",
    "does staging in several regions pay? beside direct downloads, with formulas",
  )
    .requiredOption("--data-size-gb <gb>", "size of the data; a GB has 2^30 bytes", aboveZero)
    .requiredOption("--instances <n>", "machines in each region that read it", positive)
    .requiredOption("--regions <names>", "separated by commas; the data is in the first", names)
    .option("--days <n>", "how long the copies are kept", aboveZero, 7)
    .option("--count-source", "count what the first region's bucket keeps, too")
    .addOption(
      new Option("--preset <name>", "prices of the design's examples")
        .choices(["seed"])
        .conflicts("prices"),
    )
    .option("--prices <file>", "prices, YAML or JSON (else staging.prices, else ours of AWS)")
    .addOption(
      new Option("--format <form>", "the form of the answer")
        .choices(["table", "json", "csv"])
        .default("table"),
    )
    .option("--json", "the same as --format json")
    .action(does(async () => (await import("./commands/stage-estimate.ts")).stageEstimate));
  addStage("cost", "what stagings cost, and saved: those that were removed too")
    .option("--since <time>", "from this day or time on, such as 2026-11-30 (else from the first)")
    .option("--staging-id <id>", "only this one")
    .option("--sweep-id <id>", "only those with this label")
    .addOption(
      new Option("--format <form>", "the form of the answer")
        .choices(["table", "json", "csv"])
        .default("table"),
    )
    .option("--json", "the same as --format json")
    .action(does(async () => (await import("./commands/stage-cost.ts")).stageCost));
  addStage("prices", "make a table of prices for stage estimate from price lists of AWS")
    .addArgument(new Argument("<action>", "what to do").choices(["import"]))
    .argument("<files...>", "the lists of AmazonS3 and of AWSDataTransfer, as CSV")
    .action((_action: string, files: readonly string[], options: object) =>
      prices({ ...options, files }),
    );
  addStage("serve", "staging over HTTP, until SIGTERM: docs/staging.md").action(
    does(async () => (await import("./commands/stage-serve.ts")).stageServe),
  );
}

interface Adding {
  readonly addStage: (name: string, description: string) => Command;
  readonly does: Actions["does"];
  readonly about: Actions["about"];
}

/** The commands that bring files to regions. */
function addUploads({ addStage, about }: Adding): void {
  addStage("upload", "files or trees to buckets of several regions, each as a staging of its own")
    .argument("<path...>", "a file or a directory")
    .requiredOption("--regions <names>", "regions of the configuration, separated by commas")
    .option("--dest <path>", "where machines put it (else /mnt/data/<name>)")
    .option("--ttl <days>", "how long it stays, 1 to 90 days", Number, DAYS)
    .option("--sweep-id <id>", "a label")
    .option(
      "--allow-accounts <names>",
      "other accounts that may read it: 12 digits, or ARNs",
      names,
    )
    .addOption(new Option("--compress <codec>", "compress on the way").choices(["gzip", "zstd"]))
    .option("--dry-run", "say what would be sent, and send nothing")
    .option("--json", "for programs")
    .action(about("paths", async () => (await import("./commands/stage-upload.ts")).stageUpload));
  addStage("resume", "go on with an upload that was stopped or failed")
    .argument("<id>", "of the staging")
    .option("--json", "for programs")
    .action(about("id", async () => (await import("./commands/stage-upload.ts")).stageResume));
}

/** The commands that make regions ready. */
function addSetup({ addStage, does }: Adding): void {
  addStage(
    "setup-buckets",
    "make the buckets of regions, with a rule that removes what is forgotten",
  )
    .requiredOption("--regions <names>", "regions of the configuration, separated by commas", names)
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--json", "for programs")
    .action(does(async () => (await import("./commands/stage-setup.ts")).stageSetup));
}

/** The commands for what lies in regions. */
function addStagings({ addStage, does, about }: Adding): void {
  const load = () => import("./commands/stage-delete.ts");
  const download = does(async () => (await import("./commands/stage-download.ts")).stageDownload);
  addStage("list", "what the buckets of all regions have")
    .option("--sweep-id <id>", "only with this label")
    .option("--region <name>", "only what is, or is to be, in this region")
    .option("--refresh", "read every document, not only those that changed")
    .addOption(new Option("--format <form>", "of the output").choices(["table", "json", "yaml"]))
    .option("--json", "the same as --format json")
    .action(does(async () => (await import("./commands/stage-list.ts")).stageList));
  addStage("info", "all that is known of one staging")
    .argument("<id>", "of the staging")
    .addOption(new Option("--files", "its files, as sha256sum writes them").conflicts("json"))
    .option("--json", "for programs")
    .action(about("id", async () => (await import("./commands/stage-info.ts")).stageInfo));
  addStage("download", "stagings from the region of this machine, whole and verified")
    .argument("[ids...]", "of the stagings")
    .option("--params <file>", "those that a sweep's parameters name: stage_id, stage_ids")
    .option("--dest <path>", "where to put it, of one (else where the staging says)")
    .option(
      "--region <name>",
      "this machine's region (else that of AWS_REGION, its metadata, staging.region)",
    )
    .option("--json", "for programs")
    .action((ids: readonly string[], options: object) => download({ ...options, ids }));
  addStage("script", "a shell script that fetches a staging with curl, where we are not: a secret")
    .argument("<id>", "of the staging")
    .option("--region <name>", "the region of the machines that run it (else the first is asked)")
    .option("--expires <hours>", "how long it can be used, 1 to 168 hours", positive, DAY_HOURS)
    .action(about("id", async () => (await import("./commands/stage-script.ts")).stageScript));
  addStage("update", "have a staging stay longer, or shorter")
    .argument("<id>", "of the staging")
    .requiredOption("--ttl <days>", "how long it stays from now on, 1 to 90 days", Number)
    .option("--json", "for programs")
    .action(about("id", async () => (await import("./commands/stage-update.ts")).stageUpdate));
  addStage("delete", "remove a staging from all regions")
    .argument("<id>", "of the staging")
    .option("-y, --yes", "do not ask")
    .option("--json", "for programs")
    .action(about("id", async () => (await load()).stageDelete));
  addStage("cleanup", "remove stagings whose time is over, and what was given up")
    .option("--expired", "those whose time is over")
    .option("--sweep-id <id>", "those with this label; with --expired, only them")
    .option("--json", "for programs")
    .action(does(async () => (await load()).stageCleanup));
}
