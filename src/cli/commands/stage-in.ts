import { resolve } from "node:path";
import { readManifestFile } from "../../staging/manifest-file.ts";
import { keepRun, removeRun } from "../../staging/run-directory.ts";
import { type RunResult, stageRun } from "../../staging/run.ts";
import { bytesText, printable } from "../../lib/text.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { printJson, printLine, tell } from "../output/print.ts";
import { createStagingProgress, type ProgressForm } from "../output/staging-progress.ts";
import { readParams } from "../read-params.ts";
import { withStager } from "../with-stager.ts";

/** Options of `stage in`. */
export interface StageInOptions extends CommonOptions {
  readonly manifest: string;
  readonly params?: string;
  readonly runDir?: string;
  readonly strict?: boolean;
  readonly progress?: ProgressForm;
  readonly json?: boolean;
}

/** Stages a run that stays until it is released, or its time is over. @throws Failure as `stageRun` */
export async function stageIn(options: StageInOptions, context: Context): Promise<number> {
  const { entries } = await readManifestFile(options.manifest);
  const params = await readParams(options.params);
  const { runDir, strict = false, json = false } = options;
  return await withStager(options, context, async (stager, signal) => {
    const progress = createStagingProgress(context, options.progress ?? "bar");
    const directory = runDir === undefined ? undefined : resolve(runDir);
    const onProgress = progress.update;
    const settings = { name: "run", params, entries, strict, directory, signal, onProgress };
    const run = await stageRun(settings, stager).finally(progress.end);
    const { result } = run;
    if (result.status === "failed") await removeRun(run, stager.context);
    else await keepRun(run, stager.context);
    tellFailed(result, context);
    if (json) printJson(context, { success: result.status !== "failed", result });
    else printRun(result, context);
    return exitCodeOf(result);
  });
}

/** 0, 3 where some files failed, 1 where the run did. */
function exitCodeOf({ status }: RunResult): number {
  if (status === "success") return exitCodes.done;
  return status === "partial" ? exitCodes.entriesFailed : exitCodes.failed;
}

function printRun({ status, run_id, run_dir, files }: RunResult, context: Context): void {
  if (status === "failed") return;
  printLine(context, printable(`${run_id}  ${run_dir}`));
  for (const { name, bytes, from, verified } of files) {
    const doubt = verified ? "" : "  not verified";
    printLine(context, printable(`  ${name}  ${bytesText(bytes)}  from ${from}${doubt}`));
  }
}

/** Says on stderr which files of a run failed, and why. */
export function tellFailed({ failed_files, status }: RunResult, context: Context): void {
  for (const { name, code, message } of failed_files)
    tell(context, printable(`${name}: ${code}: ${message}`));
  if (status === "failed") tell(context, "a file that is required is missing: the run has ended");
}
