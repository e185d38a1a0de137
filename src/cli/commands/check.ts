import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode, errorMessage, Failure } from "../../errors.ts";
import { discover } from "../../manifest/discover.ts";
import { systemMessage } from "../../lake/errors.ts";
import { isUrl } from "../../lib/bronze-url.ts";
import type { HeldDirectory } from "../../lake/held-directory.ts";
import { createLake, type Lake } from "../../lake/lake.ts";
import { holdManifests } from "../../manifest/directory.ts";
import { planAll } from "../../manifest/plan.ts";
import { readSegment } from "../../manifest/read.ts";
import type { RejectedLine } from "../../manifest/types.ts";
import { readingAsIs } from "../../manifest/reading-as-is.ts";
import { holdSamples, judgeOwn } from "../../samples/directory.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { settingsFor } from "../settings-for.ts";
import { counted } from "../../lib/text.ts";
import { noDatasetText } from "../no-dataset.ts";
import { printJson, printLine } from "../output/print.ts";
import { openStoreIfAny } from "../../store/open.ts";
import type { AcknowledgedLine } from "../../store/rows.ts";
import type { Store } from "../../store/store.ts";
import { BRONZE, SAMPLES } from "../../lake/dataset.ts";

const { R_OK, W_OK, X_OK } = constants;
/** Bad lines shown of one manifest. */
const SHOWN_LINES = 5;

/** Something that would not work. */
interface Problem {
  readonly path: string;
  readonly problem: string;
}

/** Something that works, but that a person may not expect. */
interface Notice {
  readonly path: string;
  readonly notice: string;
}

/** The findings of `check`. */
interface Findings {
  readonly problems: Problem[];
  readonly notices: Notice[];
  /** True when people have acknowledged a bad line; asked once of each. */
  readonly isAcknowledged: (line: RejectedLine) => boolean;
}

/** Looks at everything a run needs, and changes nothing. @throws Failure CONFIG_INVALID */
export async function check(options: InspectOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  const problems: Problem[] = [];
  const notices: Notice[] = [];
  await need(problems, settings.prefix, R_OK | X_OK, "the prefix cannot be read");
  await needWritable(problems, settings.state, "the state directory cannot be written");
  const { datasets, aliases, errors } = await discover(settings.prefix, settings.includes);
  for (const { alias, dataset } of aliases)
    notices.push({
      path: join(settings.prefix, alias),
      notice: `another name of ${dataset}: read and sampled there, and not here`,
    });
  for (const { path, error } of errors) problems.push({ path, problem: errorMessage(error) });
  if (datasets.length + problems.length === 0)
    problems.push({ path: settings.prefix, problem: await noDatasetText(settings.prefix) });
  const store = storeToAsk(settings.state);
  const lake = createLake(settings);
  let [lines, acknowledged] = [0, 0];
  for (const dataset of datasets) {
    const find = acknowledgedIn((await store?.queries.acknowledgedLines(dataset)) ?? []);
    const isAcknowledged = (line: RejectedLine): boolean => {
      const isSeen = find(line);
      if (isSeen) acknowledged += 1;
      return isSeen;
    };
    lines += await checkDataset(lake, dataset, { problems, notices, isAcknowledged });
  }
  await store?.close();

  const report = {
    config: settings.file ?? null,
    prefix: settings.prefix,
    datasets: datasets.length,
    lines,
    acknowledged,
    problems,
    notices,
  };
  if (options.json === true) printJson(context, report);
  else {
    printLine(context, `configuration ${settings.file ?? "(defaults)"}: valid`);
    printLine(
      context,
      `${counted(datasets.length, "dataset")}, ${counted(lines, "manifest line")}`,
    );
    for (const { path, problem } of problems) printLine(context, `${path}: ${problem}`);
    for (const { path, notice } of notices) printLine(context, `${path}: ${notice}`);
    if (acknowledged > 0) printLine(context, `acknowledged bad lines: ${acknowledged}`);
    printLine(context, problems.length === 0 ? "no problems" : counted(problems.length, "problem"));
  }
  return problems.length === 0 ? exitCodes.done : exitCodes.entriesFailed;
}

/**
 * Creates the function that is true for bad lines that people have acknowledged. The file of a line
 * may have another name since, so a line is known by its place and its fault; each acknowledged one
 * counts once.
 */
function acknowledgedIn(lines: readonly AcknowledgedLine[]): (line: RejectedLine) => boolean {
  const keyOf = ({ line, offset, reason }: Omit<AcknowledgedLine, "count">) =>
    JSON.stringify([line, offset, reason]);
  const left = new Map(lines.map((line) => [keyOf(line), line.count]));
  return (line) => {
    const count = left.get(keyOf(line)) ?? 0;
    left.set(keyOf(line), count - 1);
    return count > 0;
  };
}

/**
 * The store to ask. Where it cannot be read, nothing counts as acknowledged: the verdict is the
 * stricter one then.
 */
function storeToAsk(state: string): Store | undefined {
  try {
    return openStoreIfAny(state);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

async function checkDataset(lake: Lake, dataset: string, findings: Findings): Promise<number> {
  const { problems } = findings;
  const directory = join(lake.settings.prefix, dataset);
  await needWritable(problems, join(directory, SAMPLES), "samples cannot be written");
  try {
    using held = lake.hold(dataset);
    using manifests = holdManifests(held);
    using samples = holdSamples(held);
    if (samples !== undefined) judgeOwn(held, samples);
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

async function need(problems: Problem[], path: string, mode: number, what: string): Promise<void> {
  await access(path, mode).catch((error: unknown) => {
    problems.push({ path, problem: `${what}: ${errorMessage(error)}` });
  });
}

/**
 * Checks that a directory can be written to. One that is not there yet is made later, where the
 * nearest one above it can be written to.
 */
async function needWritable(problems: Problem[], path: string, what: string): Promise<void> {
  const found = await access(path, W_OK | X_OK).catch((error: unknown) => error);
  if (found === undefined) return;
  if (errorCode(found) === "ENOENT") return needWritable(problems, dirname(path), what);
  problems.push({ path, problem: `${what}: ${errorMessage(found)}` });
}
