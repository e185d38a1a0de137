import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/config/load.ts";
import { createHandle } from "../src/jobs/handle.ts";
import type { Sampled } from "../src/types.ts";
import { kinds } from "./large-files.ts";
import { compare, ground, print } from "./pairs.ts";

const DATASET = "acme/big/v1";
const MAX_READ = 1024 ** 2;
const MAX_MS = 50;
/** A sample of a large file may take this many times as long as one of a small file. */
const RATIO = 1 / 1.5;

/** The sample of a file of gigabytes beside that of one a thousandth as large. */
export async function bench(): Promise<boolean> {
  using place = ground();
  const bronze = join(place.path, DATASET, "bronze");
  mkdirSync(bronze, { recursive: true });
  let reached = true;
  for (const [kind, { write, large, small }] of Object.entries(kinds)) {
    write(join(bronze, `small.${kind}`), small);
    write(join(bronze, `large.${kind}`), large);
    const seen: Sampled[] = [];
    await sampleMs(place.path, kind, "small");
    const isFlat = await compare({
      name: `${kind}, ${large / 1024 ** 3} GB beside ${small / 1024 ** 2} MB`,
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
      `${kind}: at most ${ms.toFixed(1)} ms (wanted ≤ ${MAX_MS}), ${readBytes} bytes read (wanted ≤ ${MAX_READ})`,
    );
    reached &&= isFlat && ms <= MAX_MS && readBytes <= MAX_READ;
    rmSync(join(bronze, `large.${kind}`));
  }
  return reached;
}

async function sampleMs(
  prefix: string,
  kind: string,
  size: string,
): Promise<{ readonly ms: number; readonly outcome: Sampled }> {
  const handle = createHandle(loadConfig({ prefix, env: {} }));
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
