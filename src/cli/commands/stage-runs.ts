import { resolve } from "node:path";
import { Failure } from "../../errors.ts";
import { nearest } from "../../lib/nearest.ts";
import { removeRun } from "../../staging/run-directory.ts";
import { type CommonOptions, type Context, exitCodes, type InspectOptions } from "../command.ts";
import { printJson, printLine, printText, table, tabbed } from "../output/print.ts";
import { withStager } from "../with-stager.ts";

/** Names that are offered for one that is unknown. */
const OFFERED = 3;

/** Lists the runs that are there, the newest first. */
export async function stageRuns(options: InspectOptions, context: Context): Promise<number> {
  return await withStager(options, context, async ({ context: { store } }) => {
    const runs = await store.runs.list();
    const rows = runs.map(({ id, state, createdAt, expiresAt, directory }) => ({
      run_id: id,
      state,
      created: new Date(createdAt).toISOString(),
      expires: new Date(expiresAt).toISOString(),
      run_dir: directory,
    }));
    if (options.json === true) printJson(context, rows);
    else {
      const layOut = context.out.isTTY ? table : tabbed;
      const headings = ["RUN", "STATE", "CREATED", "EXPIRES", "DIRECTORY"];
      printText(
        context,
        layOut(
          headings,
          rows.map((row) => Object.values(row)),
        ),
      );
    }
    return exitCodes.done;
  });
}

/** Options of `stage release`. */
export interface ReleaseOptions extends CommonOptions {
  /** Id of the run, or its directory. */
  readonly run: string;
}

/** Removes a run and its files. @throws Failure USAGE where there is no such run */
export async function stageRelease({ run, ...options }: ReleaseOptions, context: Context) {
  return await withStager(options, context, async (stager) => {
    const runs = await stager.context.store.runs.list();
    const found = runs.find(({ id, directory }) => id === run || directory === resolve(run));
    if (found === undefined) {
      const near = nearest(run, new Set(runs.map(({ id }) => id)), OFFERED);
      const others = runs.length === 0 ? "there are none" : "`stage runs` lists those there are";
      const hint = near.length === 0 ? others : `did you mean ${near.join(", ")}?`;
      throw new Failure("USAGE", `no run ${run}: ${hint}`);
    }
    if (!(await removeRun(found, stager.context))) return exitCodes.failed;
    printLine(context, `${found.id} is released`);
    return exitCodes.done;
  });
}
