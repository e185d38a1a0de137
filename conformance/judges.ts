import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CorpusFile } from "./corpus.ts";
import { type Helper, startHelper } from "./helper.ts";
import { judgeArrow } from "./judge-arrow.ts";
import { judgeAvro } from "./judge-avro.ts";
import { judgeOrc } from "./judge-orc.ts";
import { isReadable, judgeParquet, type ParquetReaders } from "./judge-parquet.ts";
import type { ProductRun, Receipt } from "./product.ts";
import type { Judgement, Verdict } from "./verdict.ts";

const READ_LIMIT_MS = 30_000;
const compressions = /\.(gz|tgz|zst|xz|bz2|lz4|lzma|Z)$/i;
const metadataFields = ["original", "size", "mtime", "type", "reason"];

/** The readers that judge, none of them the product's. */
export interface Judges {
  readonly python: Helper;
  readonly arrow: Helper;
  readonly avsc: Helper;
  readonly chdb: Helper;
  readonly parquet: ParquetReaders;
}

/** Makes the readers ready; none runs before it is asked. */
export function openJudges(): Judges {
  const reader = (name: string) =>
    startHelper([process.execPath, join(import.meta.dirname, "reader.ts"), name], READ_LIMIT_MS);
  const python = ["python3", "-B", join(import.meta.dirname, "readers.py")];
  return {
    python: startHelper(python, READ_LIMIT_MS),
    arrow: reader("arrow"),
    avsc: reader("avsc"),
    chdb: reader("chdb"),
    parquet: {
      duckdb: reader("duckdb"),
      hyparquet: reader("hyparquet"),
      "parquet-wasm": reader("parquet-wasm"),
    },
  };
}

/** Ends the readers. */
export function closeJudges({ python, arrow, avsc, chdb, parquet }: Judges): void {
  for (const helper of [python, arrow, avsc, chdb, ...Object.values(parquet)]) helper.end();
}

/** Says what became of one file. */
export async function judgeFile(
  judges: Judges,
  corpus: string,
  file: CorpusFile,
  run: ProductRun,
): Promise<Verdict> {
  const receipt = run.receipts.get(file.path);
  const original = join(corpus, file.path);
  if (receipt === undefined) {
    return verdictOf(file, receipt, run.end?.result ?? "crash", "no receipt");
  }
  if (receipt.outcome === "failed") return judgeFailure(judges, file, original, receipt);
  const sample = join(run.dataset, receipt.sample ?? "");
  if (!existsSync(sample)) return verdictOf(file, receipt, "inexact", "there is no such sample");
  if (receipt.format?.startsWith("metadata") === true) {
    const fault = metadataFault(sample);
    if (fault === undefined) return verdictOf(file, receipt, "metadata", receipt.reason ?? "");
    return verdictOf(file, receipt, "inexact", fault);
  }
  const { verdict, why = "", ...rest } = await judgeSample(judges, file, receipt, original, sample);
  return { ...verdictOf(file, receipt, verdict, why), ...rest };
}

function verdictOf(
  { path, format, class: kind }: CorpusFile,
  receipt: Receipt | undefined,
  result: Verdict["result"],
  why: string,
): Verdict {
  const { warnings = [], format: sampledAs } = receipt ?? {};
  const verdict = { path, format, class: kind, result, why, warnings };
  return sampledAs === undefined ? verdict : { ...verdict, sampledAs };
}

async function judgeFailure(
  { python }: Judges,
  file: CorpusFile,
  original: string,
  receipt: Receipt,
): Promise<Verdict> {
  const { code = "", message = "" } = receipt;
  if (code === "UNEXPECTED") return verdictOf(file, receipt, "crash", `${code}: ${message}`);
  if (code === "TIMEOUT") return verdictOf(file, receipt, "hang", `${code}: ${message}`);
  // A limit may refuse what a tool without limits accepts.
  if (code === "FORMAT_INVALID" && compressions.test(file.path)) {
    const answer = await python.ask<Judgement>({ ask: "accepts", original, facts: factsOf(file) });
    if ("verdict" in answer && answer.verdict === "inexact")
      return verdictOf(file, receipt, "inexact", `${answer.why}, but ${code}: ${message}`);
  }
  return verdictOf(file, receipt, "failed", code);
}

async function judgeSample(
  { python, arrow, avsc, chdb, parquet }: Judges,
  file: CorpusFile,
  receipt: Receipt,
  original: string,
  sample: string,
): Promise<Judgement & Pick<Verdict, "parquet">> {
  const { format } = receipt;
  if (format === "parquet") {
    if (isReadable(file)) return judgeParquet(parquet, { original, sample }, receipt);
    return { verdict: "unjudged", why: `class ${file.class}` };
  }
  if (format === "arrow") {
    const judged = await judgeArrow(arrow, { original, sample }, receipt);
    if (judged.verdict !== "unjudged") return judged;
  }
  if (format === "avro") return judgeAvro(avsc, { original, sample }, receipt);
  if (format === "orc") return judgeOrc({ python, chdb }, { original, sample }, receipt);
  const facts = factsOf(file);
  const answer = await python.ask<Judgement>({ ask: "judge", original, sample, receipt, facts });
  return "error" in answer ? { verdict: "unjudged", why: answer.error } : answer;
}

/** The corpus's facts about a file. */
function factsOf({ facts, class: kind }: CorpusFile): object {
  return { ...facts, class: kind };
}

function metadataFault(path: string): string | undefined {
  try {
    const facts = JSON.parse(readFileSync(path, "utf8")) as object;
    const missing = metadataFields.filter((field) => !(field in facts));
    return missing.length === 0 ? undefined : `metadata without ${missing.join(", ")}`;
  } catch (error) {
    return `metadata that is not JSON: ${error}`;
  }
}
