import { readManifestFile } from "../../staging/manifest-file.ts";
import { runCommand } from "../../staging/command.ts";
import { keepRun, removeRun } from "../../staging/run-directory.ts";
import { sendOutputs } from "../../staging/outputs.ts";
import { stageRun } from "../../staging/run.ts";
import { printable } from "../../lib/text.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { printJson, tell } from "../output/print.ts";
import { createStagingProgress, type ProgressForm } from "../output/staging-progress.ts";
import { readParams } from "../read-params.ts";
import { withStager } from "../with-stager.ts";
import { tellFailed } from "./stage-in.ts";

/** Options of `stage run`. */
export interface StageRunOptions extends CommonOptions {
  readonly manifest: string;
  readonly command: readonly string[];
  readonly params?: string;
  readonly strict?: boolean;
  readonly keep?: boolean;
  readonly progress?: ProgressForm;
  readonly json?: boolean;
}

/**
 * Stages a run, runs a command on its files and removes it. Returns the exit code of the command.
 * @throws Failure as `stageRun` and `runCommand`
 */
export async function stageRunCommand(options: StageRunOptions, context: Context): Promise<number> {
  const { entries, outputs } = await readManifestFile(options.manifest);
  const params = await readParams(options.params);
  const { strict = false, keep = false, json = false, command } = options;
  return await withStager(options, context, async (stager, signal) => {
    const progress = createStagingProgress(context, options.progress ?? "bar");
    const onProgress = progress.update;
    const settings = { name: "run", params, entries, outputs, strict, signal, onProgress };
    const run = await stageRun(settings, stager).finally(progress.end);
    const { result, directory } = run;
    try {
      tellFailed(result, context);
      if (result.status === "failed") {
        if (json) printJson(context, { success: false, result });
        return exitCodes.failed;
      }
      const { exitCode, ...output } = await runCommand({
        command,
        params: result.plugin_params,
        runDirectory: directory,
        cwd: process.cwd(),
        env: context.env,
        signal,
        passOn: !json,
      });
      // What a command that failed has made is of no use.
      const made = exitCode === 0 ? outputs : [];
      const sent = await sendOutputs(directory, made, stager.context, signal);
      for (const { name, code, message } of sent.failed_outputs)
        tell(context, printable(`output ${name}: ${code}: ${message}`));
      const isSent = sent.failed_outputs.length === 0;
      const success = exitCode === 0 && isSent;
      const ended = { ...result, exit_code: exitCode, ...output, ...sent };
      if (json) printJson(context, { success, result: ended });
      return isSent ? exitCode : exitCodes.entriesFailed;
    } finally {
      if (keep) {
        await keepRun(run, stager.context);
        tell(context, `kept: ${directory}`);
      } else await removeRun(run, stager.context);
    }
  });
}
