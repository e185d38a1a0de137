import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CorpusFile } from "./corpus.ts";
import { killFamily, watchMemory } from "./family.ts";

const DATASET = "corpus/files/v1";
const MTIME = 1_737_200_000;
/** No format of the corpus needs a tenth of it. */
const MAX_RUN_MS = 5 * 60 * 1000;
const MAX_SAID_CHARACTERS = 16_384;
/** Done, and done though entries failed. */
const ORDINARY_ENDS: ReadonlySet<unknown> = new Set([0, 3]);

/** The product's receipt of one file. */
export interface Receipt {
  readonly raw: string;
  readonly outcome: string;
  readonly format?: string;
  readonly sample?: string;
  readonly rows?: number;
  readonly complete?: boolean;
  readonly cut?: string;
  readonly entries?: number;
  readonly reason?: string;
  readonly code?: string;
  readonly message?: string;
  readonly warnings?: readonly string[];
}

/** The death of the process, or that it had to be killed. */
export interface BadEnd {
  readonly result: "crash" | "hang";
  readonly why: string;
}

/** One pass of the product over the files of one format. */
export interface ProductRun {
  /** The directory `sample` of a receipt is relative to. */
  readonly dataset: string;
  /** By the file's path in the corpus; none where the product said nothing of it. */
  readonly receipts: ReadonlyMap<string, Receipt>;
  readonly seconds: number;
  /** Bytes of its largest process. */
  readonly peakBytes: number;
  /** Set where the process did not end by itself as it should. */
  readonly end?: BadEnd;
}

/** Runs the product as its users do: a lake with one manifest, below `root`, and one pass. */
export async function runProduct(
  root: string,
  corpus: string,
  files: readonly CorpusFile[],
): Promise<ProductRun> {
  const lake = join(root, "lake");
  const dataset = join(lake, DATASET);
  mkdirSync(join(dataset, "manifests"), { recursive: true });
  const lines = files.map(({ path }) =>
    JSON.stringify({ raw: path, bronze: join(corpus, path), mtime: MTIME }),
  );
  writeFileSync(join(dataset, "manifests/processed.jsonl"), `${lines.join("\n")}\n`);
  const config = join(root, "config.yaml");
  const settings = {
    prefix: lake,
    allowedRoots: [corpus],
    sample: { layout: "mirror", tar: "members" },
  };
  writeFileSync(config, JSON.stringify(settings));

  const started = performance.now();
  const { code, signal, isKilled, peakBytes, said } = await runOnce(config);
  const seconds = (performance.now() - started) / 1000;
  const run = { dataset, receipts: readReceipts(dataset), seconds, peakBytes };
  if (isKilled) return { ...run, end: { result: "hang", why: `killed after ${seconds} s` } };
  const end = signal ?? code;
  if (ORDINARY_ENDS.has(end)) return run;
  return { ...run, end: { result: "crash", why: `ended with ${end}: ${lastWords(said)}` } };
}

async function runOnce(config: string) {
  const main = join(import.meta.dirname, "../src/main.ts");
  const args = [main, "run", "--once", "--config", config];
  const env = { PATH: process.env["PATH"] ?? "", NODE_NO_WARNINGS: "1" };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const memory = watchMemory(child.pid ?? -1);
  let said = "";
  child.stderr.on(
    "data",
    (chunk: Buffer) => (said = said.slice(-MAX_SAID_CHARACTERS) + chunk.toString()),
  );
  let isKilled = false;
  const timer = setTimeout(() => {
    isKilled = true;
    if (child.pid !== undefined) killFamily(child.pid);
  }, MAX_RUN_MS);
  const [code, signal] = (await once(child, "close")) as [number | null, string | null];
  clearTimeout(timer);
  return { code, signal, isKilled, peakBytes: memory.end(), said };
}

/** Its last words, without stack and without failures of files, which are in receipts. */
function lastWords(said: string): string {
  const lines = said.split("\n").filter((line) => !/^\s*$|^\s+at |^failed: /.test(line));
  return lines.slice(-6).join(" ").slice(0, 600);
}

/** The last receipt of each file. */
function readReceipts(dataset: string): Map<string, Receipt> {
  const path = join(dataset, "samples/_receipts.jsonl");
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const receipts = lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Receipt);
  return new Map(receipts.map((receipt) => [receipt.raw, receipt]));
}
