import { constants, Stats } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { RawSettings } from "../config/settings.ts";
import { errorCode, errorMessage } from "../errors.ts";
import { BRONZE, SAMPLES } from "../lake/dataset.ts";
import { systemMessage } from "../lake/errors.ts";
import type { HeldDirectory } from "../lake/held-directory.ts";
import type { Lake } from "../lake/lake.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { counted } from "../lib/text.ts";
import { holdManifests, holdManifestsIfAny } from "../manifest/directory.ts";
import { planAll } from "../manifest/plan.ts";
import { readSegment } from "../manifest/read.ts";
import { readingAsIs } from "../manifest/reading-as-is.ts";
import type { RejectedLine } from "../manifest/types.ts";
import { holdSamples, judgeOwn } from "../samples/directory.ts";

const { R_OK, W_OK, X_OK } = constants;
/** Bad lines shown of one manifest. */
const SHOWN_LINES = 5;

/** Something that would not work. */
export interface Problem {
  readonly path: string;
  readonly problem: string;
}

/** Something that works, but that a person may not expect. */
export interface Notice {
  readonly path: string;
  readonly notice: string;
}

/** The findings of `check`. */
export interface Findings {
  readonly problems: Problem[];
  readonly notices: Notice[];
  /** True when people have acknowledged a bad line; asked once of each. */
  readonly isAcknowledged: (line: RejectedLine) => boolean;
}

/** Looks at what a run needs of a dataset; returns the number of its manifest lines. */
export async function checkDataset(
  lake: Lake,
  dataset: string,
  findings: Findings,
): Promise<number> {
  const { problems } = findings;
  const directory = join(lake.settings.prefix, dataset);
  const { raw } = lake.settings.forDataset(dataset);
  if (raw.mode !== "off") await checkRaw(directory, raw, findings);
  await needWritable(problems, join(directory, SAMPLES), "samples cannot be written");
  try {
    using held = lake.hold(dataset);
    using samples = holdSamples(held);
    if (samples !== undefined) judgeOwn(held, samples);
    if (raw.mode === "only") return 0;
    using manifests = raw.mode === "off" ? holdManifests(held) : holdManifestsIfAny(held);
    if (manifests === undefined) return 0;
    const { lines, urls } = await checkManifest(manifests, findings);
    // Where all lies elsewhere, no bronze/ is needed.
    if (lines === 0 || urls < lines) await needBronze(problems, directory);
    return lines;
  } catch (error) {
    problems.push({ path: directory, problem: systemMessage(error) });
    await needBronze(problems, directory);
    return 0;
  }
}

/** Looks at what raw files need, and says what their settings cannot know. */
async function checkRaw(
  directory: string,
  { directories, ready }: RawSettings,
  { problems, notices }: Findings,
): Promise<void> {
  for (const path of directories.map((each) => resolve(directory, each))) {
    const found = await lstat(path).catch((error: unknown) => error);
    if (errorCode(found) === "ENOENT") notices.push({ path, notice: "no raw files yet" });
    else if (found instanceof Stats && found.isSymbolicLink())
      problems.push({ path, problem: "a link, and links are not followed to raw files" });
    else await need(problems, path, R_OK | X_OK, "raw files cannot be read");
  }
  if (ready === "quiet")
    notices.push({
      path: directory,
      notice: "raw.ready is quiet: a pause of the writer looks like its end",
    });
}

function needBronze(problems: Problem[], directory: string): Promise<void> {
  return need(problems, join(directory, BRONZE), R_OK | X_OK, "bronze cannot be read");
}

/** Checks a manifest; returns the number of lines that are entries, and of those with a URL. */
async function checkManifest(
  manifests: HeldDirectory,
  { problems, notices, isAcknowledged }: Findings,
): Promise<{ readonly lines: number; readonly urls: number }> {
  let lines = 0;
  let urls = 0;
  let bad = 0;
  const { segments, skipped } = await planAll(manifests);
  for (const name of skipped)
    notices.push({ path: join(manifests.path, name), notice: "no regular file, not read" });
  for (const segment of segments) {
    for await (const { entries, rejected } of readSegment(manifests, segment, readingAsIs)) {
      lines += entries.length;
      urls += entries.filter(({ bronze }) => isUrl(bronze)).length;
      const wrong = rejected.filter((line) => !isAcknowledged(line));
      const shown = wrong.slice(0, Math.max(0, SHOWN_LINES - bad));
      for (const { path, line, offset, reason } of shown) {
        problems.push({
          path: join(manifests.path, path),
          problem: `line ${line}, byte ${offset}: ${reason}`,
        });
      }
      bad += wrong.length;
    }
  }
  if (bad > SHOWN_LINES)
    problems.push({ path: manifests.path, problem: `${counted(bad, "bad line")} in all` });
  return { lines, urls };
}

/** Finds a problem where a path cannot be used in a way. */
export async function need(
  problems: Problem[],
  path: string,
  mode: number,
  what: string,
): Promise<void> {
  await access(path, mode).catch((error: unknown) => {
    problems.push({ path, problem: `${what}: ${errorMessage(error)}` });
  });
}

/** Finds a problem where the program of a hook, if there is one, cannot be run. */
export async function needProgram(
  problems: Problem[],
  path: string | undefined,
  hook: string,
): Promise<void> {
  if (path === undefined) return;
  const what = `hooks.${hook} cannot be run`;
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() === false) problems.push({ path, problem: `${what}: it is no file` });
  else await need(problems, path, X_OK, what);
}

/**
 * Checks that a directory can be written to. One that is not there yet is made later, where the
 * nearest one above it can be written to.
 */
export async function needWritable(problems: Problem[], path: string, what: string): Promise<void> {
  const found = await access(path, W_OK | X_OK).catch((error: unknown) => error);
  if (found === undefined) return;
  if (errorCode(found) === "ENOENT") return needWritable(problems, dirname(path), what);
  problems.push({ path, problem: `${what}: ${errorMessage(found)}` });
}
