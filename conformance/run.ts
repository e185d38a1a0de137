/**
 * `npm run conformance [-- --corpus DIR] [--format NAME …] [--json FILE] [--keep DIR]`: has the
 * product sample files that others wrote, and independent readers judge the samples. Exits 1 when
 * a sample is not exact, or when the product crashed or hung.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type CorpusFile, isCorpus, readCorpus } from "./corpus.ts";
import { closeJudges, judgeFile, type Judges, openJudges } from "./judges.ts";
import { runProduct } from "./product.ts";
import { type FormatReport, isClean, reportText } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    corpus: { type: "string", default: join(import.meta.dirname, "../../shared/corpus") },
    format: { type: "string", multiple: true },
    json: { type: "string" },
    keep: { type: "string" },
  },
});
const corpus = resolve(options.corpus);

if (isCorpus(corpus)) await run();
else process.stdout.write(`nothing to do: there is no corpus at ${corpus}\n`);

async function run(): Promise<void> {
  const byFormat = readCorpus(corpus);
  const formats = options.format ?? [...byFormat.keys()];
  const unknown = formats.filter((format) => !byFormat.has(format));
  if (unknown.length > 0) return refuse(`the corpus has no ${unknown.join(", ")}`);
  const root = resolve(options.keep ?? mkdtempSync(join(tmpdir(), "staging-sampler-conformance-")));
  // What an earlier run left would be taken for this one's.
  const there = formats.map((format) => join(root, format)).find((path) => existsSync(path));
  if (there !== undefined) return refuse(`${there} is there already`);
  const judges = openJudges();
  const reports: FormatReport[] = [];
  try {
    for (const format of formats) {
      if (process.stderr.isTTY) process.stderr.write(`${format} …\n`);
      const directory = join(root, format);
      mkdirSync(directory, { recursive: true });
      reports.push(await report(judges, directory, format, byFormat.get(format) ?? []));
    }
  } finally {
    closeJudges(judges);
    if (options.keep === undefined) rmSync(root, { recursive: true, force: true });
  }
  process.stdout.write(reportText(reports));
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(reports, null, 1));
  process.exitCode = isClean(reports) ? 0 : 1;
}

function refuse(why: string): void {
  process.stderr.write(`${why}\n`);
  process.exitCode = 2;
}

async function report(
  judges: Judges,
  directory: string,
  format: string,
  files: readonly CorpusFile[],
): Promise<FormatReport> {
  const { dataset, receipts, ...done } = await runProduct(directory, corpus, files);
  const verdicts = [];
  for (const file of files)
    verdicts.push(await judgeFile(judges, corpus, file, { dataset, receipts, ...done }));
  return { format, verdicts, ...done };
}
