import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { outputFailure } from "../lake/errors.ts";
import { makeOwnDirectory } from "../lake/state-directory.ts";
import type { RunState } from "../store/staging-store.ts";
import type { StagingContext } from "./context.ts";
import { takeLease } from "./lease.ts";
import { OWN_DIRECTORY } from "./names.ts";
import { removeTree } from "./remove-tree.ts";

/** A run's directory, and the row that remembers it. */
export interface RunDirectory {
  readonly id: string;
  readonly directory: string;
}

/** The file that says that a directory is a run's. */
export const MARK = join(OWN_DIRECTORY, "run.json");

/**
 * Makes the directory of a run: `{runs}/{name}-{8 hex}`, or the one that is asked for, which has to be
 * new or empty. It goes with this process, which gives signs of life for it, unless the run is said to
 * stay. @throws Failure USAGE, OUTPUT_FULL, OUTPUT_UNWRITABLE
 */
export async function makeRunDirectory(
  { name, at }: { readonly name: string; readonly at: string | undefined },
  context: StagingContext,
): Promise<RunDirectory> {
  const { settings, store, ownRuns } = context;
  const hex = randomBytes(4).toString("hex");
  const id = `run-${hex}`;
  const directory = at ?? join(settings.runs, `${name}-${hex}`);
  const now = Date.now();
  const times = { createdAt: now, expiresAt: now + settings.runTtlMs };
  await checkEmpty(directory);
  const lease = await takeLease(store.leases, id);
  if (lease === undefined)
    throw new Failure("ALREADY_RUNNING", `another process has the run ${id}`);
  ownRuns.set(id, lease);
  try {
    // Remembered first: a crash before there is a directory leaves a row without one.
    await store.runs.add({ id, directory, state: "staging", ...times, result: undefined });
    makeOwnDirectory(at === undefined ? settings.runs : dirname(directory), "staging.runs");
    // The directory above it can be fine, and a link at its place lead elsewhere.
    makeOwnDirectory(directory, "the run's directory");
    await mkdir(join(directory, OWN_DIRECTORY), { mode: 0o750 });
    await writeFile(join(directory, MARK), `${JSON.stringify({ run_id: id })}\n`);
    return { id, directory };
  } catch (error) {
    await store.runs.remove(id);
    await letGo(id, context);
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
export async function keepRun(
  { id }: RunDirectory,
  context: StagingContext,
  state: RunState = "ready",
): Promise<void> {
  await context.store.runs.update(id, { state });
  await letGo(id, context);
}

/** Ends the lease of a run, whoever has it. */
async function letGo(id: string, { store, ownRuns }: StagingContext): Promise<void> {
  ownRuns.get(id)?.end();
  ownRuns.delete(id);
  const lease = await store.leases.look(id);
  if (lease !== undefined) await store.leases.remove(id, lease.token);
}

/**
 * Removes a run: its directory, then its row. A directory that cannot be removed is reported, and the
 * row stays, so that the next start tries again.
 */
export async function removeRun(
  { id, directory }: RunDirectory,
  context: StagingContext,
): Promise<boolean> {
  const { store, settings, onEvent } = context;
  try {
    // Elsewhere somebody may have put another directory there.
    const isOwn = dirname(directory) === settings.runs;
    if (isOwn || (await hasMark(directory, id))) await removeTree(directory);
    await store.runs.remove(id);
    await letGo(id, context);
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
