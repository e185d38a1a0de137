import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { loadConfig } from "../src/config/load.ts";
import { LEAN_FLAGS, LEAN_MALLOC } from "../src/system/memory-flags.ts";
import { ENVIRONMENT } from "./built.ts";
import { compare, ground, median, print } from "./pairs.ts";

const MB = 1024 ** 2;

/** Measurements of one sample. */
interface Measured {
  readonly ms: number;
  /** Resident at most, in bytes, of the whole process. */
  readonly rss: number;
  readonly readBytes: number;
}

/** Files of about 1 GB, and how much faster than DuckDB their sample has to be. */
const files = [
  { name: "row-groups-of-128-mb.parquet", atLeast: 3 },
  { name: "one-row-group.parquet", atLeast: 3 },
  { name: "columns-2000.parquet", atLeast: 1 },
  { name: "row-groups-10000.parquet", atLeast: 3 },
] as const;
/** Share of DuckDB's memory that it may take. */
const MEMORY = 1 / 4;

/** The sample of a large Parquet file beside DuckDB's `COPY … LIMIT 100`, each in a process of its own. */
export async function bench(): Promise<boolean> {
  using place = ground();
  await writeFiles(join(place.path, "acme/big/v1"));
  let reached = true;
  for (const { name, atLeast } of files) {
    const seen: Record<"ours" | "duckdb", Measured[]> = { ours: [], duckdb: [] };
    const rate = (who: "ours" | "duckdb"): number => {
      const measured = measure(who, place.path, name);
      seen[who].push(measured);
      return 1000 / measured.ms;
    };
    const isFaster = await compare({
      name,
      unit: "samples/s",
      atLeast,
      reference: () => rate("duckdb"),
      ours: () => rate("ours"),
    });
    const rss = (who: "ours" | "duckdb") => median(seen[who].map((measured) => measured.rss)) / MB;
    const readBytes = Math.max(...seen.ours.map((measured) => measured.readBytes));
    print(
      `${name}: ${Math.round(rss("ours"))} MB resident, DuckDB ${Math.round(rss("duckdb"))} MB (wanted ≤ ${MEMORY}), ${readBytes} bytes read`,
    );
    reached &&= isFaster && rss("ours") <= MEMORY * rss("duckdb");
  }
  return reached;
}

function measure(who: "ours" | "duckdb", prefix: string, name: string): Measured {
  const script = join(import.meta.dirname, "parquet-once.js");
  // As a thread gets it: reading a configuration takes 30 MB once, in the main thread.
  const origin = JSON.stringify(loadConfig({ prefix, env: {} }).origin);
  const command = [...LEAN_FLAGS, script, who, prefix, name, origin];
  // Each as it runs in use.
  const env = who === "ours" ? { ...ENVIRONMENT, ...LEAN_MALLOC } : process.env;
  const done = spawnSync(process.execPath, command, { encoding: "utf8", env });
  if (done.status !== 0) throw new Error(`${who}, ${name}: ${done.stderr}`);
  return JSON.parse(done.stdout) as Measured;
}

/** Writes them, below a dataset. */
export async function writeFiles(dataset: string): Promise<void> {
  mkdirSync(join(dataset, "bronze"), { recursive: true });
  mkdirSync(join(dataset, "samples"), { recursive: true });
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const few = "i, hash(i) AS h, random() AS r, 'name ' || hash(i) AS s, i % 1000 AS k";
  const many = Array.from(
    { length: 2000 },
    (_, column) => `(hash(i + ${column}) >> 33)::UINTEGER AS c${column}`,
  );
  await write(0, few, 22_000_000, 2_880_000);
  await write(1, few, 22_000_000, 30_000_000);
  await write(2, many.join(", "), 120_000, 60_000);
  await write(3, few, 20_480_000, 2048);
  connection.closeSync();

  async function write(file: number, columns: string, rows: number, group: number): Promise<void> {
    const path = join(dataset, "bronze", (files[file] as (typeof files)[number]).name);
    const query = `SELECT ${columns} FROM range(${rows}) t(i)`;
    await connection.run(
      `COPY (${query}) TO '${path}' (FORMAT parquet, CODEC 'snappy', ROW_GROUP_SIZE ${group})`,
    );
    print(`${path}: ${statSync(path).size} bytes`);
  }
}
