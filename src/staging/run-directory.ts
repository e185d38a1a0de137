import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { makeOwnDirectory } from "../lake/state-directory.ts";
import { isAtWork, isGone, ownName } from "../system/process-name.ts";
import type { StagingContext } from "./context.ts";
import { OWN_DIRECTORY } from "./names.ts";
import { removeTree } from "./remove-tree.ts";

/** A run's directory, and the row that remembers it. */
export interface RunDirectory {
  readonly id: string;
  readonly directory: string;
}

/** The file that says that a directory is a run's. */
const MARK = join(OWN_DIRECTORY, "run.json");

/**
 * Makes the directory of a run: `{runs}/{name}-{8 hex}`, or the one that is asked for, which has to be
 * new or empty. It goes with this process unless the run is said to stay.
 * @throws Failure USAGE, OUTPUT_FULL, OUTPUT_UNWRITABLE
 */
export async function makeRunDirectory(
  { name, at }: { readonly name: string; readonly at: string | undefined },
  { settings, store }: StagingContext,
): Promise<RunDirectory> {
  const hex = randomBytes(4).toString("hex");
  const id = `run-${hex}`;
  const directory = at ?? join(settings.runs, `${name}-${hex}`);
  const now = Date.now();
  const times = { createdAt: now, expiresAt: now + settings.runTtlMs };
  const row = { id, directory, state: "staging", owner: ownName(), ...times } as const;
  await checkEmpty(directory);
  // Remembered first: a crash between the two leaves a row without a directory, and no directory.
  await store.runs.add({ ...row, result: undefined });
  try {
    makeOwnDirectory(at === undefined ? settings.runs : dirname(directory), "staging.runs");
    // The directory above it can be fine, and a link at its place lead elsewhere.
    makeOwnDirectory(directory, "the run's directory");
    await mkdir(join(directory, OWN_DIRECTORY), { mode: 0o750 });
    await writeFile(join(directory, MARK), `${JSON.stringify({ run_id: id })}\n`);
    return { id, directory };
  } catch (error) {
    await store.runs.remove(id);
    throw error instanceof Failure ? error : outputFailure(error, directory);
  }
}

async function checkEmpty(directory: string): Promise<void> {
  try {
    if ((await readdir(directory)).length === 0) return;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw outputFailure(error, directory);
  }
  throw new Failure("USAGE", `${directory} is not empty: a run has a directory of its own`);
}

/** Lets a run stay after this process has ended, until it is removed or its time is over. */
export async function keepRun({ id }: RunDirectory, { store }: StagingContext): Promise<void> {
  await store.runs.update(id, { state: "ready", owner: undefined });
}

/**
 * Removes a run: its directory, then its row. A directory that cannot be removed is reported, and the
 * row stays, so that the next start tries again.
 */
export async function removeRun(
  { id, directory }: RunDirectory,
  { store, settings, onEvent }: StagingContext,
): Promise<boolean> {
  try {
    // Elsewhere somebody may have put another directory there.
    const isOwn = dirname(directory) === settings.runs;
    if (isOwn || (await hasMark(directory, id))) await removeTree(directory);
    await store.runs.remove(id);
    return true;
  } catch (error) {
    onEvent({ type: "not-cleaned-up", directory, message: errorMessage(error) });
    return false;
  }
}

/** True for the directory of this run, and for an empty one that it did not get to mark. */
async function hasMark(directory: string, id: string): Promise<boolean> {
  try {
    const mark = JSON.parse(await readFile(join(directory, MARK), "utf8")) as { run_id?: unknown };
    return mark.run_id === id;
  } catch (error) {
    if (error instanceof SyntaxError) return true;
    if (errorCode(error) !== "ENOENT") throw error;
    const left = await readdir(directory).catch(() => []);
    return left.every((name) => name === OWN_DIRECTORY);
  }
}

/**
 * Removes the runs of processes that have ended, runs that nobody works on and whose time is over, and directories of runs that
 * nobody remembers.
 */
export async function sweepRuns(context: StagingContext, now = Date.now()): Promise<void> {
  const runs = await context.store.runs.list();
  for (const run of runs) {
    const { owner } = run;
    const isLeft = owner !== undefined && isGone(owner);
    // What somebody works on stays, however long that takes.
    const isWorkedOn = owner !== undefined && isAtWork(owner, run.createdAt);
    const isOver = run.expiresAt <= now && !isWorkedOn;
    if (isLeft || isOver) await removeRun(run, context);
  }
  await sweepForgotten(new Set(runs.map(({ directory }) => directory)), context, now);
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
