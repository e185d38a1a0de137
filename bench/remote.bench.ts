import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Sampled } from "../src/job.ts";
import { loadConfig } from "../src/config/load.ts";
import { createRunJob } from "../src/sampling/job/run-job.ts";
import { settingsOf } from "../src/config/settings.ts";
import { kinds } from "./large-files.ts";
import { ground, print } from "./pairs.ts";
import { writeFiles } from "./parquet.bench.ts";
import { serveFiles } from "./serve-files.ts";

const DATASET = "acme/big/v1";
const MIB = 1024 ** 2;
/** The wait before each answer, ms: a server in the same region, and one in another. */
const LATENCIES_MS = [1, 50];

/** Requests and bytes that an object of 1 GB may take. */
interface Most {
  readonly requests: number;
  readonly bytes: number;
}

/** A footer of 10,000 row groups is larger than all that is read of most files; 2,000 columns are 2,000 places. */
const exceptions: Readonly<Record<string, Most>> = {
  "columns-2000.parquet": { requests: 2010, bytes: 64 * MIB },
  "row-groups-10000.parquet": { requests: 8, bytes: 8 * MIB },
};

function mostFor(file: string): Most {
  const isParquet = file.endsWith(".parquet");
  const requests = isParquet ? 8 : file.endsWith(".zip") ? 5 : file.endsWith(".tar") ? 12 : 3;
  return exceptions[file] ?? { requests, bytes: (isParquet ? 4 : 2) * MIB };
}

/** Requests, bytes and time of the sample of a large object, beside the bytes of the same as a file. */
export async function bench(): Promise<boolean> {
  using place = ground();
  const bronze = join(place.path, DATASET, "bronze");
  mkdirSync(bronze, { recursive: true });
  let reached = true;
  for (const [i, { name, extension, write, large }] of kinds.entries()) {
    // What takes more than one disk's room is sparse, and tells nothing more here.
    if (/TB|10 GB/.test(name)) continue;
    const file = `${i}.${extension}`;
    write(join(bronze, file), large);
    reached = (await sampleBoth(place.path, file)) && reached;
    rmSync(join(bronze, file));
  }
  await writeFiles(join(place.path, DATASET));
  for (const file of readdirSync(bronze)) reached = (await sampleBoth(place.path, file)) && reached;
  return reached;
}

/** Prints what one file takes, here and from a server; false where it is more than it may be. */
async function sampleBoth(prefix: string, file: string): Promise<boolean> {
  const most = mostFor(file);
  const local = await sampled(prefix, file, `bronze/${file}`);
  const remote: string[] = [];
  let isFine = true;
  for (const latencyMs of LATENCIES_MS) {
    await using server = await serveFiles(join(prefix, DATASET, "bronze"), latencyMs);
    const { requests = 0, readBytes, ms } = await sampled(prefix, file, server.url(file));
    isFine &&= requests <= most.requests && readBytes <= most.bytes;
    remote.push(
      `${requests} requests, ${readBytes} bytes, ${ms.toFixed(0)} ms (${latencyMs} ms each)`,
    );
  }
  const verdict = isFine ? "reached" : "MISSED";
  print(
    `${file}, ${local.sourceSize} bytes: file ${local.readBytes} bytes; ${remote.join("; ")}; wanted ≤ ${most.requests}, ≤ ${most.bytes}: ${verdict}`,
  );
  return isFine;
}

async function sampled(prefix: string, file: string, bronze: string): Promise<Sampled> {
  const { origin } = loadConfig({ prefix, env: {} });
  const allowedRoots = bronze.startsWith("http") ? [new URL(".", bronze).href] : [];
  const config = { ...origin.config, allowedRoots };
  const run = createRunJob(settingsOf({ ...origin, config }));
  const extension = file.endsWith(".tar") ? ".txt" : null;
  const name = `sample${extension ?? file.replace(/^[^.]*/, "")}`;
  const job = { dataset: DATASET, raw: `raw/${file}`, bronze, mtime: 0, seq: 1, name, extension };
  const outcome = await run(job, new AbortController().signal);
  if (outcome.outcome !== "sampled") throw new Error(JSON.stringify(outcome));
  return outcome;
}
