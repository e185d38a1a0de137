import { constants } from "node:fs";
import { join } from "node:path";
import type { CompiledContract } from "../../checks/contract/plan.ts";
import type { Settings } from "../../config/settings.ts";
import { errorMessage, Failure } from "../../errors.ts";
import { hookNames } from "../../hooks/documents.ts";
import { createLake, type Lake } from "../../lake/lake.ts";
import { counted } from "../../lib/text.ts";
import { discover } from "../../manifest/discover.ts";
import type { RejectedLine } from "../../manifest/types.ts";
import { createContracts } from "../../sampling/job/contracts.ts";
import { openStoreIfAny, storeName } from "../../store/open.ts";
import type { AcknowledgedLine } from "../../store/rows.ts";
import type { Store } from "../../store/store.ts";
import {
  checkDataset,
  need,
  needProgram,
  needWritable,
  type Notice,
  type Problem,
} from "../check-dataset.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { noDatasetText } from "../no-dataset.ts";
import { printJson, printLine } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

const { R_OK, X_OK } = constants;

/** Looks at everything a run needs, and changes nothing. @throws Failure CONFIG_INVALID */
export async function check(options: InspectOptions, context: Context): Promise<number> {
  const settings = settingsFor(options, context);
  const problems: Problem[] = [];
  const notices: Notice[] = [];
  await need(problems, settings.prefix, R_OK | X_OK, "the prefix cannot be read");
  await needWritable(problems, settings.state, "the state directory cannot be written");
  for (const hook of hookNames) await needProgram(problems, settings.hooks[hook]?.[0], hook);
  const { datasets, aliases, errors } = await discover(
    settings.prefix,
    settings.includes,
    settings.rawDirectories,
  );
  for (const { alias, dataset } of aliases)
    notices.push({
      path: join(settings.prefix, alias),
      notice: `another name of ${dataset}: read and sampled there, and not here`,
    });
  for (const { path, error } of errors) problems.push({ path, problem: errorMessage(error) });
  if (datasets.length + problems.length === 0)
    problems.push({ path: settings.prefix, problem: await noDatasetText(settings.prefix) });
  const store = await storeToAsk(settings, problems);
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
  problems.push(...(await contractProblems(lake, datasets)));

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

/** The contracts that cannot be used: each once, however many datasets are held to it. */
async function contractProblems(lake: Lake, datasets: readonly string[]): Promise<Problem[]> {
  const found = new Map<string, Problem>();
  const contracts = createContracts(lake.settings.file);
  for (const dataset of datasets) {
    const { file, objects } = lake.settings.forDataset(dataset).contracts;
    if (file === null) continue;
    using held = lake.hold(dataset);
    const loaded = await contracts.of(held, file);
    const problem = "reason" in loaded ? loaded.reason : unknownObject(loaded.compiled, objects);
    if (problem !== undefined)
      found.set(`${loaded.label} ${problem}`, { path: loaded.label, problem });
  }
  return [...found.values()];
}

function unknownObject(
  { contract }: CompiledContract,
  globs: Readonly<Record<string, string>>,
): string | undefined {
  const names = new Set(contract.objects.flatMap((object) => object.names));
  const unknown = Object.values(globs).find((name) => !names.has(name));
  return unknown && `contracts.objects: it has no object ${unknown}`;
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
 * stricter one then. A database that cannot be asked is a problem besides.
 */
async function storeToAsk(settings: Settings, problems: Problem[]): Promise<Store | undefined> {
  try {
    return await openStoreIfAny(settings);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (settings.database !== undefined)
      problems.push({ path: storeName(settings), problem: error.message });
    return undefined;
  }
}
