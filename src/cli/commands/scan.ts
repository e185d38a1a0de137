import { matchesGlob } from "node:path";
import { errorMessage } from "../../errors.ts";
import { unannouncedIn } from "../../inspect/unannounced.ts";
import { needDataset } from "../../inspect/unknown-names.ts";
import { createLake } from "../../lake/lake.ts";
import { BRONZE } from "../../lake/dataset.ts";
import { counted } from "../../lib/text.ts";
import { appendMany, rawOf } from "../../manifest/append-many.ts";
import { discover } from "../../manifest/discover.ts";
import { ignoring } from "../../raw/names.ts";
import { type Context, exitCodes, type InspectOptions, nameLake } from "../command.ts";
import { arrayPrinter, drained, printFields, tell } from "../output/print.ts";
import { createProblems } from "../output/problems.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `scan`. */
export interface ScanOptions extends InspectOptions {
  readonly dataset?: string;
  /** True to append a line for each file; else they are only printed. */
  readonly write?: boolean;
  /** Age of the files that are taken, at least. */
  readonly minAge: number;
}

/**
 * Prints the files in bronze that no manifest line names, and with `write` appends a line for each.
 * @throws Failure USAGE or CONFIG_INVALID
 */
export async function scan(options: ScanOptions, context: Context): Promise<number> {
  const { dataset, write, json, minAge } = options;
  const settings = settingsFor(options, context);
  if (write === true) nameLake(settings, context);
  const problems = createProblems(context);
  const { datasets, errors } = await discover(settings.prefix, settings.includes, () => [BRONZE]);
  for (const { path, error } of errors) problems.onProblem(path, errorMessage(error));
  needDataset(dataset, datasets);
  const wanted = datasets.filter((name) => dataset === undefined || matchesGlob(name, dataset));
  const elements = json === true ? arrayPrinter(context) : undefined;
  let found = 0;
  const leftOut = new Map<string, number>();
  for (const name of wanted) {
    try {
      const files = filesOf(name);
      if (write === true) await appendAll(name, files);
      else for await (const _ of files);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.onProblem(name, errorMessage(error));
    }
  }
  elements?.end();
  for (const [why, count] of leftOut) tell(context, `left out ${counted(count, "file")}: ${why}`);
  tell(context, summary());
  return problems.count() === 0 ? exitCodes.done : exitCodes.entriesFailed;

  /** The files of a dataset, each printed before it is yielded. */
  async function* filesOf(name: string): AsyncGenerator<string, void, void> {
    using held = createLake(settings).hold(name);
    const unannounced = unannouncedIn(held, {
      isIgnored: ignoring(settings.forDataset(name).raw.ignore),
      before: Date.now() - minAge * 1000,
      onLeftOut: (why) => void leftOut.set(why, (leftOut.get(why) ?? 0) + 1),
    });
    for await (const bronze of unannounced) {
      found += 1;
      if (elements === undefined) printFields(context, [name, bronze]);
      else elements.element({ dataset: name, bronze });
      await drained(context);
      yield bronze;
    }
  }

  async function appendAll(name: string, files: AsyncGenerator<string>): Promise<void> {
    await appendMany({
      prefix: settings.prefix,
      dataset: name,
      chunks: linesOf(files),
      onRefused: (_, reason) => problems.onProblem(name, reason),
    });
  }

  function summary(): string {
    const files = counted(found, "file");
    if (write === true) return `appended a line for each of ${files}`;
    return `${files} without a line${found === 0 ? "" : "; --write appends one for each"}`;
  }
}

async function* linesOf(files: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const bronze of files) {
    yield Buffer.from(`${JSON.stringify({ raw: rawOf(bronze), bronze })}\n`);
  }
}
