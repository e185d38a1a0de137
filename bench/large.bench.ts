import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/config/load.ts";
import { createRunJob } from "../src/sampling/job/run-job.ts";
import type { Sampled } from "../src/job.ts";
import { type Kind, kinds } from "./large-files.ts";
import { compare, ground, median, print } from "./pairs.ts";

const DATASET = "acme/big/v1";
/** Samples of each size before the first that counts: code is compiled as it runs. */
const WARM_UPS = 10;
/** Samples of large files a second, of those of small ones: 1.5 times as long for each. */
const RATIO = 0.667;

/** The sample of a large file beside that of a small one, of each kind. */
export async function bench(): Promise<boolean> {
  using place = ground();
  const bronze = join(place.path, DATASET, "bronze");
  mkdirSync(bronze, { recursive: true });
  let reached = true;
  for (const kind of kinds) {
    const path = (size: string) => join(bronze, `${size}.${kind.extension}`);
    kind.write(path("small"), kind.small);
    kind.write(path("large"), kind.large);
    reached = (await compareSizes(place.path, kind)) && reached;
    rmSync(path("small"));
    rmSync(path("large"));
  }
  return reached;
}

/** Prints the comparison of both files; false when a number is missed. */
async function compareSizes(
  prefix: string,
  { name, extension, mostRead, mostMs }: Kind,
): Promise<boolean> {
  const seen: Sampled[] = [];
  for (let i = 0; i < WARM_UPS; i += 1) {
    await sampleMs(prefix, extension, "small");
    await sampleMs(prefix, extension, "large");
  }
  const isFlat = await compare({
    name,
    unit: "samples/s",
    atLeast: RATIO,
    rounds: 9,
    reference: async () => 1000 / (await sampleMs(prefix, extension, "small")).ms,
    async ours() {
      const { ms, outcome } = await sampleMs(prefix, extension, "large");
      seen.push(outcome);
      return 1000 / ms;
    },
  });
  const ms = median(seen.map((outcome) => outcome.ms));
  const readBytes = Math.max(...seen.map((outcome) => outcome.readBytes));
  print(
    `${name}: ${ms.toFixed(1)} ms (wanted ≤ ${mostMs}), ${readBytes} of ${seen[0]?.sourceSize} bytes read (wanted ≤ ${mostRead})`,
  );
  return isFlat && ms <= mostMs && readBytes <= mostRead;
}

async function sampleMs(
  prefix: string,
  kind: string,
  size: string,
): Promise<{ readonly ms: number; readonly outcome: Sampled }> {
  const handle = createRunJob(loadConfig({ prefix, env: {} }));
  const extension = kind === "tar" ? ".txt" : null;
  const name = `${size}_sample${extension ?? `.${kind}`}`;
  const files = { raw: `raw/${size}.${kind}`, bronze: `bronze/${size}.${kind}`, name, extension };
  const started = performance.now();
  const outcome = await handle(
    { dataset: DATASET, mtime: 0, seq: 1, ...files },
    new AbortController().signal,
  );
  const ms = performance.now() - started;
  if (outcome.outcome !== "sampled" || !(Number(outcome.rows) > 0)) {
    throw new Error(JSON.stringify(outcome));
  }
  return { ms, outcome };
}
