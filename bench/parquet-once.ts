/**
 * `node parquet-once.ts ours|duckdb PREFIX NAME`: samples one Parquet file of a lake and prints how
 * long that took, what it read and how much memory the process had resident at most.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../src/config/load.ts";
import { createHandle } from "../src/jobs/handle.ts";

/** What is measured of one sample. */
export interface Measured {
  readonly ms: number;
  /** Resident at most, in bytes, of the whole process. */
  readonly rss: number;
  /** Bytes read from the file; 0 where that is not known. */
  readonly readBytes: number;
}

const [who, prefix, name] = process.argv.slice(2) as [string, string, string];
const dataset = join(prefix, "acme/big/v1");

const { ms, readBytes } = who === "ours" ? await sampled() : await copied();
// Not `resourceUsage()`: what it says begins with the memory of the parent.
const status = readFileSync("/proc/self/status", "utf8");
const rss = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
process.stdout.write(JSON.stringify({ ms, rss, readBytes } satisfies Measured));

async function sampled(): Promise<{ ms: number; readBytes: number }> {
  const handle = createHandle(loadConfig({ prefix, env: {} }));
  const files = { raw: name, bronze: `bronze/${name}`, name: `ours-${name}`, extension: null };
  const job = { dataset: "acme/big/v1", mtime: 0, seq: 1, ...files };
  const started = performance.now();
  const outcome = await handle(job, new AbortController().signal);
  const ms = performance.now() - started;
  if (outcome.outcome !== "sampled" || outcome.format !== "parquet" || outcome.rows !== 100)
    throw new Error(JSON.stringify(outcome));
  return { ms, readBytes: outcome.readBytes };
}

async function copied(): Promise<{ ms: number; readBytes: number }> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const started = performance.now();
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = `SELECT * FROM read_parquet('${dataset}/bronze/${name}') LIMIT 100`;
  await connection.run(`COPY (${rows}) TO '${dataset}/samples/duckdb-${name}' (FORMAT parquet)`);
  return { ms: performance.now() - started, readBytes: 0 };
}
