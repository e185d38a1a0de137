/**
 * `node parquet-once.js ours|duckdb PREFIX NAME ORIGIN`: samples one Parquet file of a lake twice
 * with these settings, prints how long that took the second time, what it read and how much memory
 * the process had resident at most.
 * Plain JavaScript and the built program: stripping types takes 20 MB of its own.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { settingsOf } from "../dist/config/settings.js";
import { createHandle } from "../dist/jobs/handle.js";

const [who, prefix, name, origin] = process.argv.slice(2);
const dataset = join(prefix, "acme/big/v1");

const sample = who === "ours" ? ours() : await duckdb();
await sample();
const started = performance.now();
const readBytes = await sample();
const ms = performance.now() - started;
// Not `resourceUsage()`: what it says begins with the memory of the parent.
const status = readFileSync("/proc/self/status", "utf8");
const rss = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024;
process.stdout.write(JSON.stringify({ ms, rss, readBytes }));

// Each function returns how many bytes it read.
function ours() {
  const handle = createHandle(settingsOf(JSON.parse(origin)));
  const files = { raw: name, bronze: `bronze/${name}`, name: `ours-${name}`, extension: null };
  const job = { dataset: "acme/big/v1", mtime: 0, seq: 1, ...files };
  return async () => {
    const outcome = await handle(job, new AbortController().signal);
    if (outcome.outcome !== "sampled" || outcome.format !== "parquet" || outcome.rows !== 100)
      throw new Error(JSON.stringify(outcome));
    return outcome.readBytes;
  };
}

async function duckdb() {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = `SELECT * FROM read_parquet('${dataset}/bronze/${name}') LIMIT 100`;
  const target = `${dataset}/samples/duckdb-${name}`;
  return async () => {
    await connection.run(`COPY (${rows}) TO '${target}' (FORMAT parquet)`);
    return 0;
  };
}
