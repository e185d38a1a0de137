import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { type Result, sampleBytes } from "../../helpers/sample.ts";
import { randomDatabase, randomOf } from "./databases.ts";

/** Damaged databases that are tried. */
const RUNS = Number(process.env["SQLITE_DAMAGES"] ?? 60);
const SEED = Number(process.env["SQLITE_SEED"] ?? 1);
/** Damaged copies of each database. */
const COPIES = 10;
/** Faults of values, which stay what they were: all others would be of our trees. */
const OF_VALUES =
  /^(non-unique entry|NULL value|CHECK constraint|NUMERIC value|TEXT value|row \d+ (missing from|values differ)|wrong # of entries)/;

test("a damaged database has a sample that SQLite opens, a description, or a coded failure", async () => {
  let original: Buffer = Buffer.alloc(0);
  const wrong: unknown[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const random = randomOf(SEED * 7919 + run);
    if (run % COPIES === 0) original = randomDatabase(SEED + run / COPIES);
    const bytes = damagedCopy(original, random);
    const result = await sampleBytes("x.sqlite", bytes).catch((error) => ({
      kind: "thrown",
      error,
    }));
    const fault = faultOf(result, bytes);
    if (fault !== undefined) wrong.push([run, fault]);
  }
  expect(wrong).toEqual([]);
});

/** The fault of a result; undefined where it has none. */
function faultOf(
  result: Result | { readonly kind: string; readonly error: unknown },
  damaged: Buffer,
): unknown {
  if ("error" in result) return result.error;
  if (result.kind === "none") return undefined;
  if (result.kind === "failed") {
    return /^(FORMAT_INVALID|LIMIT_EXCEEDED)$/.test(result.code) ? undefined : result.code;
  }
  const faults = faultsOf(result.bytes) ?? "it is not opened";
  return faults.length === 0 || faultsOf(damaged) === undefined ? undefined : faults;
}

/** A copy with a few other bytes, most of them where the structure is, or without its end. */
function damagedCopy(original: Buffer, random: (below: number) => number): Buffer {
  const bytes = Buffer.from(original);
  if (random(8) === 0) return bytes.subarray(0, random(bytes.length));
  const page = original.readUInt16BE(16) === 1 ? 65_536 : original.readUInt16BE(16);
  for (let i = 0, count = 1 + random(4); i < count; i += 1) {
    const start = page * random(bytes.length / page);
    const reach = [100, 16, page, page, bytes.length][random(5)] as number;
    const at = (reach === 100 ? 0 : reach === bytes.length ? 0 : start) + random(reach);
    bytes[at] = random(3) === 0 ? random(256) : (bytes[at] as number) ^ (1 << random(8));
  }
  return bytes;
}

/** Faults of its trees; undefined where SQLite does not open it at all. */
function faultsOf(bytes: Buffer): readonly unknown[] | undefined {
  let db: InstanceType<typeof Database> | undefined;
  try {
    db = new Database(bytes);
    const faults = db.prepare("PRAGMA integrity_check(20)").pluck().all() as string[];
    return faults.filter((fault) => fault !== "ok" && !OF_VALUES.test(fault));
  } catch {
    return undefined;
  } finally {
    db?.close();
  }
}
