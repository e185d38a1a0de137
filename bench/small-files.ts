import { once } from "node:events";
import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { pack } from "tar-stream";
import { ZipFile } from "yazl";
import { csvOf, makeDataset } from "./small-lake.ts";

/** A file name's extension, and the content that each such file has. */
export type Bodies = Readonly<Record<string, Buffer>>;

/** Files that are written of each body; lakes have links to them, so that their content is on disk once. */
const WRITTEN = 5000;
/** A small CSV file. */
export const CSV_BYTES = 16_000;
const ROWS = 500;
const READ_BYTES = 64 * 1024;

/** About as much in each of the formats; `scratch` is a directory to write a Parquet file to. */
export async function mixedBodies(scratch: string): Promise<Bodies> {
  const csv = csvOf(CSV_BYTES);
  const objects = Array.from({ length: ROWS }, (_, i) =>
    JSON.stringify({ id: i, name: `name ${i}`, value: i * 1.5 }),
  );
  return {
    csv,
    jsonl: Buffer.from(`${objects.join("\n")}\n`),
    json: Buffer.from(`[${objects.join(",")}]`),
    "csv.gz": gzipSync(csv),
    parquet: await parquetBody(join(scratch, "body.parquet")),
    zip: await zipBody(csv),
    tar: await tarBody(csv),
  };
}

/** A lake to be made. */
export interface SmallLake {
  /** Of each body. */
  readonly files: number;
  readonly datasets: number;
  readonly bodies: Bodies;
  /** Directory of the files that its bronze files are links to. */
  readonly pool: string;
}

/** Writes the files that lakes have links to. */
export function makePool(pool: string, bodies: Bodies): void {
  mkdirSync(pool, { recursive: true });
  for (const [extension, body] of Object.entries(bodies))
    for (let i = 0; i < WRITTEN; i += 1) writeFileSync(join(pool, `${i}.${extension}`), body);
}

/**
 * Makes a lake of datasets `acme/orders0/v1` and so on, with their manifests. Returns the datasets'
 * directories.
 */
export function makeLake(prefix: string, { files, datasets, bodies, pool }: SmallLake): string[] {
  return Array.from({ length: datasets }, (_, dataset) => {
    const directory = makeDataset(prefix, `acme/orders${dataset}/v1`);
    const lines: string[] = [];
    for (let i = dataset; i < files; i += datasets) {
      for (const extension of Object.keys(bodies)) {
        const bronze = `bronze/f${i}.${extension}`;
        linkSync(join(pool, `${i % WRITTEN}.${extension}`), join(directory, bronze));
        const raw = `raw/f${i}.${extension}`;
        lines.push(`${JSON.stringify({ raw, bronze, mtime: 1737200000 + i })}\n`);
      }
    }
    writeFileSync(join(directory, "manifests/processed.jsonl"), lines.join(""));
    return directory;
  });
}

/** Opens, reads 64 KiB, writes and renames: no parsing, no cache, no receipts. Returns files/s. */
export function bareLoop(directories: readonly string[]): number {
  const buffer = Buffer.alloc(READ_BYTES);
  let files = 0;
  const started = performance.now();
  for (const directory of directories) {
    const [from, to] = [join(directory, "bronze"), join(directory, "samples")];
    for (const name of readdirSync(from)) {
      const input = openSync(join(from, name), "r");
      const length = readSync(input, buffer);
      closeSync(input);
      const temporary = join(to, `.${name}.tmp`);
      const output = openSync(temporary, "w");
      writeSync(output, buffer, 0, length);
      closeSync(output);
      renameSync(temporary, join(to, name));
      files += 1;
    }
  }
  return files / ((performance.now() - started) / 1000);
}

async function parquetBody(path: string): Promise<Buffer> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const query = `SELECT i AS id, 'name ' || i AS name, i * 1.5 AS value FROM range(${ROWS}) t(i)`;
  await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet, CODEC 'snappy')`);
  connection.closeSync();
  return readFileSync(path);
}

async function zipBody(csv: Buffer): Promise<Buffer> {
  const zip = new ZipFile();
  for (const name of ["a.csv", "b.csv"]) zip.addBuffer(csv, name);
  zip.end();
  return buffer(zip.outputStream);
}

async function tarBody(csv: Buffer): Promise<Buffer> {
  const tar = pack();
  const bytes = buffer(tar);
  for (const name of ["a.csv", "b.csv"]) await once(tar.entry({ name }, csv), "finish");
  tar.finalize();
  return bytes;
}
