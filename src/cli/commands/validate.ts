import { statSync } from "node:fs";
import { matchesGlob, relative, resolve, sep } from "node:path";
import type { CheckedSample } from "../../checks/contract/check.ts";
import type { LoadedContract } from "../../checks/contract/contract-check.ts";
import { checksText, errorOf, type Validation } from "../../checks/contract/validation.ts";
import { loadConfig, loadConfigIfAny } from "../../config/load.ts";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { maskOfFile } from "../../inspect/mask-for.ts";
import { createLake } from "../../lake/lake.ts";
import { pathBytes } from "../../lib/pep383.ts";
import { counted } from "../../lib/text.ts";
import { createContracts, load, readBeside } from "../../sampling/job/contracts.ts";
import {
  createValidateEntry,
  type Validated,
  validatePath,
} from "../../sampling/job/validate-file.ts";
import { openStoreToRead } from "../../store/open.ts";
import type { Queries } from "../../store/queries.ts";
import { type Context, exitCodes, type InspectOptions } from "../command.ts";
import { matchesRaw } from "../filter.ts";
import { explainNothing } from "../nothing-found.ts";
import { JUNIT_END, JUNIT_START, junitSuite } from "../output/junit.ts";
import { beginOut, type GrowingFile } from "../output/out-file.ts";
import { arrayPrinter, drained, printLine } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `validate`. */
export interface ValidateOptions extends InspectOptions {
  /** Files of this machine, raws, or globs for raws; all entries that have a contract where none. */
  readonly what: readonly string[];
  readonly dataset?: string;
  /** The path of a contract that goes before those of the configuration. */
  readonly contract?: string;
  readonly junit?: string;
  /** The verdict from which on the exit code is 3. */
  readonly failOn: "fail" | "warn" | "never";
}

/** The verdict on one file. */
interface Verdict {
  readonly dataset: string | null;
  readonly name: string;
  readonly validation: Validation;
  readonly samples: readonly CheckedSample[];
}

/**
 * Holds files to their contracts now, and writes nothing of it but a report.
 * @throws Failure USAGE, CONFIG_INVALID, CACHE_UNUSABLE, OUTPUT_FULL or OUTPUT_UNWRITABLE
 */
export async function validate(options: ValidateOptions, context: Context): Promise<number> {
  using report = options.junit === undefined ? undefined : beginOut(resolve(options.junit));
  const print = printerOf(options, context, report);
  const counts = { passed: 0, warned: 0, failed: 0, error: 0 };
  for await (const verdict of verdicts(options, context)) {
    counts[verdict.validation.result] += 1;
    print.verdict(verdict);
    await drained(context);
  }
  print.end(counts);
  report?.finish();
  const { failOn } = options;
  if (counts.error > 0) return exitCodes.failed;
  const refuted = failOn === "never" ? 0 : counts.failed + (failOn === "warn" ? counts.warned : 0);
  return refuted > 0 ? exitCodes.entriesFailed : exitCodes.done;
}

async function* verdicts(
  options: ValidateOptions,
  context: Context,
): AsyncGenerator<Verdict, void, void> {
  const { what, contract } = options;
  const given = contract === undefined ? undefined : await readGiven(contract);
  const paths = what.filter(isFile);
  if (paths.length > 0) yield* ofPaths(paths, given, options, context);
  const raws = what.filter((one) => !isFile(one));
  if (raws.length > 0 || what.length === 0) yield* ofEntries(raws, given, options, context);
}

async function readGiven(path: string): Promise<LoadedContract> {
  return load(path, () => readBeside(path));
}

function isFile(path: string): boolean {
  return statSync(pathBytes(path), { throwIfNoEntry: false })?.isFile() === true;
}

async function* ofPaths(
  paths: readonly string[],
  given: LoadedContract | undefined,
  options: ValidateOptions,
  context: Context,
): AsyncGenerator<Verdict, void, void> {
  const { config, prefix = "/" } = options;
  const settings =
    given === undefined ? settingsFor(options, context) : loadConfig({ config, prefix, env: {} });
  const contracts = contractsOf(settings);
  const masking = loadConfigIfAny({ ...options, env: context.env });
  for (const path of paths) {
    const dataset = datasetOf(resolve(path), settings.prefix);
    const loaded = given ?? (dataset === undefined ? undefined : await contracts(dataset));
    if (loaded === undefined) {
      throw new Failure("USAGE", `${path}: no contract is set for it; --contract names one`);
    }
    yield verdictOn({ dataset: null, name: path }, loaded, async () =>
      validatePath(path, {
        settings: settings.forDataset(dataset ?? ""),
        loaded,
        mask: await maskOfFile(path, masking),
      }),
    );
  }
}

/** The dataset that a path lies in, as far as its path tells. */
function datasetOf(path: string, prefix: string): string | undefined {
  const parts = relative(prefix, path).split(sep);
  return parts[0] === ".." || parts.length < 4 ? undefined : parts.slice(0, 3).join("/");
}

async function* ofEntries(
  globs: readonly string[],
  given: LoadedContract | undefined,
  options: ValidateOptions,
  context: Context,
): AsyncGenerator<Verdict, void, void> {
  const settings = settingsFor(options, context);
  const contracts = contractsOf(settings);
  const validateEntry = createValidateEntry(settings);
  await using store = await openStoreToRead(settings);
  const { queries } = store;
  for (const glob of globs) await needEntries(queries, glob, options, context);
  const hasRaw = (raw: string) =>
    globs.length === 0 || globs.some((glob) => raw === glob || matchesRaw(raw, glob));
  const { dataset: wanted = "**" } = options;
  const hasDataset = (name: string) =>
    matchesGlob(name, wanted) && (given ?? settings.forDataset(name).contracts.file) !== null;
  for await (const entry of queries.entries({ hasRaw, hasDataset })) {
    const loaded = given ?? (await contracts(entry.dataset));
    if (loaded === undefined) continue;
    yield verdictOn({ dataset: entry.dataset, name: entry.raw }, loaded, () =>
      validateEntry(entry, loaded),
    );
  }
}

async function needEntries(
  queries: Queries,
  glob: string,
  { dataset }: ValidateOptions,
  context: Context,
): Promise<void> {
  const hasRaw = (raw: string) => raw === glob || matchesRaw(raw, glob);
  for await (const _ of queries.entries({ hasRaw, limit: 1 })) return;
  await explainNothing(queries, { glob, ...(dataset === undefined ? {} : { dataset }) }, context);
}

/** Creates the function that gives a dataset's contract; undefined where it has none. */
function contractsOf(settings: Settings): (dataset: string) => Promise<LoadedContract | undefined> {
  const contracts = createContracts(settings.file);
  const lake = createLake(settings);
  return async (dataset) => {
    const { file } = settings.forDataset(dataset).contracts;
    if (file === null) return undefined;
    using held = lake.hold(dataset);
    return await contracts.of(held, file);
  };
}

/** The verdict on a file; one that cannot be read, or is held to nothing, has an error for one. */
async function verdictOn(
  about: Pick<Verdict, "dataset" | "name">,
  { label }: LoadedContract,
  validated: () => Promise<Validated>,
): Promise<Verdict> {
  try {
    const { check } = await validated();
    const validation =
      check.verdict() ?? errorOf(label, "contracts.objects names no object for it");
    return { ...about, validation, samples: check.samples };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...about, validation: errorOf(label, `${error.code}: ${error.message}`), samples: [] };
  }
}

interface Printer {
  verdict(verdict: Verdict): void;
  end(counts: Readonly<Record<Validation["result"], number>>): void;
}

function printerOf(
  { json }: ValidateOptions,
  context: Context,
  report: GrowingFile | undefined,
): Printer {
  const array = json === true ? arrayPrinter(context) : undefined;
  report?.write(JUNIT_START);
  return {
    verdict(verdict) {
      const { dataset, name, validation, samples } = verdict;
      const of = dataset === null ? name : `${dataset}  ${name}`;
      report?.write(junitSuite({ name: of, samples, error: validation.reason }));
      if (array !== undefined) array.element({ dataset, name, ...validation, samples });
      else printLine(context, `${validation.result.padEnd(6)}  ${of}  ${checksText(validation)}`);
    },
    end(counts) {
      report?.write(JUNIT_END);
      if (array !== undefined) return array.end();
      const files = Object.values(counts).reduce((sum, count) => sum + count, 0);
      const each = Object.entries(counts).filter(([, count]) => count > 0);
      const said = each.map(([result, count]) => `${count} ${result}`).join(", ");
      printLine(
        context,
        said === "" ? "no file is held to a contract" : `${counted(files, "file")}: ${said}`,
      );
    },
  };
}
