import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkText } from "../src/checks/contract/check-text.ts";
import { compileContract, type CompiledContract } from "../src/checks/contract/plan.ts";
import { readContract } from "../src/checks/contract/read.ts";
import type { PassSummary } from "../src/store/types.ts";
import { compare, flush, ground, print, runProgram } from "./pairs.ts";
import { CSV_BYTES, makeLake, makePool } from "./small-files.ts";
import { csvOf } from "./small-lake.ts";

const FILES = Number(process.env["CONTRACT_FILES"] ?? 50_000);
const DATASETS = 10;
/** Processor time of a sample of 100 rows and 10 columns, at most, ms. */
const MOST_MS = 0.2;
/** The same for a text of 28 characters and a pattern that others take forever for. */
const MOST_EVIL_MS = 10;
const BATCHES = 200;
const PER_BATCH = 50;
const settings = {
  columns: { extra: "warn", missingOptional: "warn", order: "ignore" },
  nulls: [""],
  rows: false,
} as const;

/** The cost of contracts: a sample, a backlog of small files, and a pattern that is meant to hurt. */
export async function bench(): Promise<boolean> {
  const isCheap = await sampleCost();
  const isHarmless = await evilPattern();
  const isFast = await backlog();
  return isCheap && isHarmless && isFast;
}

/** Types, required, unique, an enum, a pattern, bounds and lengths, as 10 columns have them. */
async function sampleCost(): Promise<boolean> {
  const columns = Array.from({ length: 10 }, (_, i) => columnOf(i));
  const line = (row: number) => columns.map(({ cell }) => cell(row)).join(",");
  const header = columns.map(({ property }) => property.name).join(",");
  const rows = Array.from({ length: 100 }, (_, row) => line(row));
  const bytes = Buffer.from(`${[header, ...rows].join("\n")}\n`);
  const compiled = await contractOf(columns.map(({ property }) => property));
  const cost = leastMs(() => failuresIn(compiled, bytes));
  const failures = failuresIn(compiled, bytes);
  if (failures > 0) throw new Error(`${failures} checks fail`);
  return wanted(`a sample of 100 rows and 10 columns, ${bytes.length} bytes`, cost, MOST_MS);
}

async function evilPattern(): Promise<boolean> {
  const options = { pattern: "^(a+)+$" };
  const compiled = await contractOf([
    { name: "id" },
    { name: "x", logicalType: "string", logicalTypeOptions: options },
  ]);
  const bytes = Buffer.from(`id,x\n1,${"a".repeat(27)}!\n`);
  const started = process.cpuUsage();
  const failures = failuresIn(compiled, bytes);
  const cost = msSince(started);
  if (failures !== 1) throw new Error("the pattern was not judged");
  return wanted("^(a+)+$ on 28 characters, the first time", cost, MOST_EVIL_MS);
}

function backlog(): Promise<boolean> {
  const place = ground();
  const bodies = { csv: csvOf(CSV_BYTES) };
  const lake = { files: FILES, datasets: DATASETS, bodies, pool: join(place.path, "pool") };
  makePool(lake.pool, bodies);
  writeFileSync(join(place.path, "contract.yaml"), JSON.stringify(documentOf(ofCsv)));
  const rate = (name: string, contracts: object) => {
    const prefix = join(place.path, name);
    makeLake(prefix, lake);
    const config = join(place.path, `${name}.yaml`);
    writeFileSync(config, JSON.stringify({ prefix, contracts }));
    flush();
    const { out } = runProgram(["run", "--once", "--json", "--config", config]);
    const { sampled, ms } = JSON.parse(out) as PassSummary;
    if (sampled !== FILES) throw new Error(`${sampled} of ${FILES} were sampled`);
    return FILES / (ms / 1000);
  };
  return compare({
    name: `backlog of ${FILES} CSV files with a contract`,
    unit: "files/s",
    atLeast: 0.85,
    reference: (round) => rate(`without-${round}`, {}),
    ours: (round) => rate(`with-${round}`, { file: join(place.path, "contract.yaml") }),
  }).finally(() => place[Symbol.dispose]());
}

interface Property {
  readonly name: string;
  readonly logicalType?: string;
  readonly [key: string]: unknown;
}

/** The columns of `csvOf`. */
const ofCsv: readonly Property[] = [
  { name: "id", logicalType: "integer", required: true, unique: true },
  { name: "name", logicalType: "string", logicalTypeOptions: { maxLength: 40 } },
  { name: "at", logicalType: "date" },
  { name: "value", logicalType: "number", logicalTypeOptions: { minimum: 0 } },
];

function columnOf(i: number): { property: Property; cell: (row: number) => string } {
  const name = `column${i}`;
  const all: readonly { property: Omit<Property, "name">; cell: (row: number) => string }[] = [
    { property: { logicalType: "integer", required: true, unique: true }, cell: (row) => `${row}` },
    {
      property: { logicalType: "string", logicalTypeOptions: { minLength: 1, maxLength: 40 } },
      cell: (row) => `name of ${row}`,
    },
    {
      property: { logicalType: "number", logicalTypeOptions: { minimum: 0, maximum: 1e6 } },
      cell: (row) => `${row}.50`,
    },
    { property: { logicalType: "date" }, cell: (row) => `2026-01-${10 + (row % 20)}` },
    { property: { logicalType: "boolean" }, cell: () => "true" },
    {
      property: { logicalType: "string", enum: [{ value: "open" }, { value: "closed" }] },
      cell: () => "open",
    },
    {
      property: { logicalType: "string", logicalTypeOptions: { pattern: "^[A-Z]{2}[0-9]+" } },
      cell: (row) => `AB${row}`,
    },
    { property: { logicalType: "timestamp" }, cell: () => "2026-01-18T14:30:07Z" },
    { property: { logicalType: "integer" }, cell: (row) => `${row * 7}` },
    { property: { logicalType: "string" }, cell: () => "text as it comes" },
  ];
  const { property, cell } = all[i] as (typeof all)[number];
  return { property: { name, ...property }, cell };
}

function documentOf(properties: readonly Property[]): object {
  const schema = [{ name: "table", properties }];
  return { apiVersion: "v3.1.0", kind: "DataContract", name: "bench", schema };
}

function contractOf(properties: readonly Property[]): Promise<CompiledContract> {
  return compileContract(readContract(documentOf(properties)));
}

function failuresIn(compiled: CompiledContract, bytes: Buffer): number {
  const [object] = compiled.contract.objects;
  const sample = { name: "a.csv", bytes, isComplete: true };
  const { results } = checkText(sample, compiled.plan(object, "text"), settings);
  return results.filter(({ result }) => result === "failed").length;
}

/** Processor time of one call in the cheapest of many batches: others use the machine, too. */
function leastMs(work: () => unknown): number {
  let least = Infinity;
  for (let batch = 0; batch < BATCHES; batch += 1) {
    const started = process.cpuUsage();
    for (let i = 0; i < PER_BATCH; i += 1) work();
    least = Math.min(least, msSince(started) / PER_BATCH);
  }
  return least;
}

function msSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}

function wanted(what: string, ms: number, most: number): boolean {
  print(`${what}: ${ms.toFixed(3)} ms of processor time, wanted ≤ ${most}`);
  return ms <= most;
}
