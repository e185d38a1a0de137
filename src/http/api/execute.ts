import type { StagingSettings } from "../../config/staging-settings.ts";
import { Failure } from "../../errors.ts";
import { runCommand } from "../../staging/command.ts";
import type { Run, RunResult } from "../../staging/run.ts";

/** The result of a run whose tool has run. */
export interface Executed extends RunResult {
  readonly exit_code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A command of `staging.tools`. */
export type Tool = StagingSettings["tools"][string];

/** Finds a tool by its name. @throws Failure TOOL_UNKNOWN */
export function toolOf(name: string, { tools }: Pick<StagingSettings, "tools">): Tool {
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
  if (tool !== undefined) return tool;
  const known = Object.keys(tools).join(", ") || "none";
  throw new Failure(
    "TOOL_UNKNOWN",
    `there is no tool ${name} in staging.tools; there are: ${known}`,
  );
}

/**
 * Runs a tool on the files of a run. A tool that cannot be run, or takes too long, is the result's
 * error. @throws the signal's reason
 */
export async function executed(
  { result, directory }: Run,
  { command, timeoutSeconds, env }: Tool,
  signal: AbortSignal,
): Promise<Executed> {
  const { PATH } = process.env;
  try {
    const { exitCode, ...output } = await runCommand({
      command,
      params: result.plugin_params,
      runDirectory: directory,
      cwd: directory,
      env: { PATH, ...env },
      timeoutMs: timeoutSeconds * 1000,
      signal,
    });
    return { ...result, exit_code: exitCode, ...output };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { code, message } = error;
    return { ...result, status: "failed", error: { code, message } };
  }
}
