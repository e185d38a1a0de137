import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Lease, RunRow } from "../store/staging-store.ts";
import { isAtWork, isGone } from "../system/process-name.ts";
import type { StagingContext } from "./context.ts";
import { MARK, removeRun } from "./run-directory.ts";

/**
 * A run without a sign of life for this long is left, ms. A transfer can be taken over sooner: who was
 * only slow loses its files here.
 */
const SILENT_MS = 600_000;

/**
 * Removes the runs of processes that have ended, kept ones whose time is over, and directories of runs
 * that nobody remembers.
 */
export async function sweepRuns(context: StagingContext, now = Date.now()): Promise<void> {
  const { runs, leases } = context.store;
  const all = await runs.list();
  for (const run of all) {
    const lease = await leases.look(run.id);
    // What somebody works on stays, however long that takes.
    const isOver = lease === undefined ? run.expiresAt <= now : !isWorkedOn(lease, run, now);
    if (isOver) await removeRun(run, context);
  }
  await sweepForgotten(new Set(all.map(({ directory }) => directory)), context, now);
}

/** A process of this machine is looked for; one of another machine or container gives signs of life. */
function isWorkedOn({ owner, beatAt }: Lease, { createdAt }: RunRow, now: number): boolean {
  return !isGone(owner) && (isAtWork(owner, createdAt) || now - beatAt < SILENT_MS);
}

async function sweepForgotten(
  known: ReadonlySet<string>,
  context: StagingContext,
  now: number,
): Promise<void> {
  const { runs, runTtlMs } = context.settings;
  const names = await readdir(runs).catch(() => []);
  for (const name of names) {
    const directory = join(runs, name);
    const [, hex] = /-([0-9a-f]{8})$/.exec(name) ?? [];
    if (hex === undefined || known.has(directory)) continue;
    const mark = await stat(join(directory, MARK)).catch(() => undefined);
    const isOld = mark !== undefined && now - mark.mtimeMs > runTtlMs;
    if (isOld) await removeRun({ id: `run-${hex}`, directory }, context);
  }
}
