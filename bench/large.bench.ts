import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/config/load.ts";
import { createHandle } from "../src/jobs/handle.ts";
import type { Outcome, Sampled } from "../src/types.ts";
import { compare, ground, print } from "./pairs.ts";

const DATASET = "acme/big/v1";
const LARGE = 1024 ** 3;
const SMALL = 1024 ** 2;
const MAX_READ = 1024 ** 2;
const MAX_MS = 50;
/** A sample of a large file may take this many times as long as one of a small file. */
const RATIO = 1 / 1.5;

const kinds = {
  csv: { head: "id,name\n", record: (i: number) => `${i},"name ${i}"\n`, tail: "" },
  jsonl: { head: "", record: (i: number) => `{"id":${i},"name":"name ${i}"}\n`, tail: "" },
  json: { head: "[", record: (i: number) => `{"id":${i},"name":"name ${i}"},\n`, tail: "null]" },
} as const;

/** The sample of a 1 GB file beside that of a 1 MB file of the same format. */
export async function bench(): Promise<boolean> {
  using place = ground();
  let reached = true;
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    writeRecords(place.path, kind, "small", SMALL);
    writeRecords(place.path, kind, "large", LARGE);
    const seen: Sampled[] = [];
    await sampleMs(place.path, kind, "small");
    const isFlat = await compare({
      name: `${kind}, 1 GB beside 1 MB`,
      unit: "samples/s",
      atLeast: RATIO,
      rounds: 9,
      reference: async () => 1000 / (await sampleMs(place.path, kind, "small")).ms,
      async ours() {
        const { ms, outcome } = await sampleMs(place.path, kind, "large");
        seen.push(outcome);
        return 1000 / ms;
      },
    });
    const ms = Math.max(...seen.map((outcome) => outcome.ms));
    const readBytes = Math.max(...seen.map((outcome) => outcome.readBytes));
    print(
      `${kind}, 1 GB: at most ${ms.toFixed(1)} ms (wanted ≤ ${MAX_MS}), ${readBytes} bytes read (wanted ≤ ${MAX_READ})`,
    );
    reached &&= isFlat && ms <= MAX_MS && readBytes <= MAX_READ;
  }
  return reached;
}

async function sampleMs(
  prefix: string,
  kind: string,
  size: string,
): Promise<{ readonly ms: number; readonly outcome: Sampled }> {
  const handle = createHandle(loadConfig({ prefix, env: {} }));
  const started = performance.now();
  const outcome: Outcome = await handle(
    {
      dataset: DATASET,
      raw: `raw/${size}.${kind}`,
      bronze: `bronze/${size}.${kind}`,
      mtime: 0,
      seq: 1,
      name: `${size}_sample.${kind}`,
      extension: null,
    },
    new AbortController().signal,
  );
  const ms = performance.now() - started;
  if (outcome.outcome !== "sampled" || outcome.rows !== 100)
    throw new Error(JSON.stringify(outcome));
  const text = readFileSync(join(prefix, DATASET, `samples/${size}_sample.${kind}`), "utf8");
  if (kind === "json") JSON.parse(text);
  return { ms, outcome };
}

/** Writes real records all the way: a block of them again and again. */
function writeRecords(prefix: string, kind: keyof typeof kinds, size: string, bytes: number): void {
  const { head, record, tail } = kinds[kind];
  mkdirSync(join(prefix, DATASET, "bronze"), { recursive: true });
  const fd = openSync(join(prefix, DATASET, "bronze", `${size}.${kind}`), "w");
  const block = Array.from({ length: 20_000 }, (_, i) => record(i)).join("");
  let written = writeSync(fd, head);
  while (written + block.length < bytes) written += writeSync(fd, block);
  written += writeSync(fd, tail);
  ftruncateSync(fd, written);
  closeSync(fd);
}
