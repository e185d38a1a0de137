/**
 * The main job on real input: a producer in Python makes a small lake and announces its files, one
 * pass samples them, and the samples are shown. The lake stays in `.demo/` to be looked at.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { parse } from "csv-parse/sync";
import { table } from "../src/cli/output/print.ts";
import { bytesText } from "../src/lib/text.ts";

const root = join(import.meta.dirname, "..");
const lake = join(root, ".demo");
const SHOWN_ROWS = 8;

rmSync(lake, { recursive: true, force: true });
say("A producer writes files to bronze and announces each with one call of append_entry:");
run("python3", ["-B", join(root, "demo/producer.py"), lake]);

say("One pass of the sampler (`staging-sampler run --once`):");
const sampler = join(root, "dist/main.js");
// 3: done, but an entry failed; the producer's broken.zip is meant to.
run(process.execPath, [sampler, "run", "--once", "--prefix", lake], [0, 3]);

say("The samples, and the size of the bronze file each was made from:");
showSamples();

const sample = join(lake, "acme/orders/v1/samples/orders_sample.csv");
say(`The first rows of ${relative(root, sample)}:`);
const [headings = [], ...rows] = parse(readFileSync(sample)) as string[][];
process.stdout.write(`${table(headings, rows.slice(0, SHOWN_ROWS))}\n`);

say("What the sampler knows (`staging-sampler status`):");
run(process.execPath, [sampler, "status", "--prefix", lake]);
say("What to try next:");
// As it is typed where npm was called.
const here = relative(process.env["INIT_CWD"] ?? process.cwd(), lake) || ".";
const tries = [
  "show raw/env0/orders.csv",
  "search email",
  "show raw/env0/events.jsonl --code duckdb",
  "failures",
  "serve",
];
for (const next of tries) {
  process.stdout.write(`npx staging-sampler ${next} --prefix ${here}\n`);
}
say(`The lake is in ${here}/; the samples are ordinary files.`);

function showSamples(): void {
  const found: (readonly unknown[])[] = [];
  for (const dataset of ["acme/orders/v1", "acme/events/v2", "globex/telemetry/v1"]) {
    const receipts = readFileSync(join(lake, dataset, "samples/_receipts.jsonl"), "utf8");
    const sources = new Map(
      receipts
        .trim()
        .split("\n")
        .map(
          (line) => JSON.parse(line) as { sample?: string; sourceSize?: number; format?: string },
        )
        .map((receipt) => [receipt.sample, receipt]),
    );
    for (const name of readdirSync(join(lake, dataset, "samples")).toSorted()) {
      const { size } = statSync(join(lake, dataset, "samples", name));
      const receipt = sources.get(`samples/${name}`);
      const from = receipt === undefined ? "" : bytesText(receipt.sourceSize ?? 0);
      found.push([`${dataset}/samples/${name}`, receipt?.format, bytesText(size), from]);
    }
  }
  process.stdout.write(`${table(["sample", "format", "size", "of"], found)}\n`);
}

function run(command: string, args: readonly string[], allowed: readonly number[] = [0]): void {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (error !== undefined) throw error;
  if (!allowed.includes(status ?? -1)) throw new Error(`${command} ended with ${status}`);
}

function say(text: string): void {
  process.stdout.write(`\n${text}\n\n`);
}
