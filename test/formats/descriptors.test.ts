import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { packers } from "../../fixtures/compressors.ts";
import { tarOf } from "../../fixtures/tar-blocks.ts";
import { zipOf } from "../../fixtures/zip-blocks.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createRunJob } from "../../src/sampling/job/run-job.ts";

/** Enough to see a leak; `EARLY_STOPS=2000` for the round number. */
const STOPS = Number(process.env["EARLY_STOPS"] ?? 200);
const fixtures = join(import.meta.dirname, "../../fixtures");
const prefix = mkdtempSync(join(tmpdir(), "staging-sampler-stops-"));
const bronze = join(prefix, "acme/orders/v1/bronze");
afterAll(() => rmSync(prefix, { recursive: true }));

const csv = `id,name\n${"1,a\n".repeat(50_000)}`;
const members = ["a.csv", "b.csv"].map((name) => ({ name, data: csv, method: 8 }));

/** A file of each format, of which one record is a small part. */
const files: readonly (readonly [name: string, content: string | Uint8Array])[] = [
  ["a.csv", csv],
  ["a.jsonl", '{"a":1}\n'.repeat(50_000)],
  ["a.json", `[${'{"a":1},'.repeat(50_000)}1]`],
  ["a.log", "line\n".repeat(50_000)],
  ["a.csv.gz", gzipSync(csv)],
  ["a.csv.zst", packers.zst(csv)],
  ["a.csv.xz", packers.xz(csv)],
  ["a.csv.bz2", packers.bz2(csv)],
  ["a.csv.lz4", packers.lz4(csv)],
  ["a.zip", zipOf(members)],
  ["a.tar", tarOf(members)],
  ["a.tar.gz", gzipSync(tarOf(members))],
  ["a.bin", Buffer.from("00ff017f8081feff", "hex")],
];

mkdirSync(bronze, { recursive: true });
writeFileSync(join(prefix, "config.yaml"), "sample: { rows: 1, members: 1 }\n");
for (const [name, content] of files) writeFileSync(join(bronze, name), content);
copyFileSync(join(fixtures, "parquet/rows-101.parquet"), join(bronze, "a.parquet"));
copyFileSync(join(fixtures, "xlsx/rows-101.xlsx"), join(bronze, "a.xlsx"));
copyFileSync(join(fixtures, "arrow/zstd.feather"), join(bronze, "a.feather"));
copyFileSync(join(fixtures, "avro/deflate.avro"), join(bronze, "a.avro"));

test.each(readdirSync(bronze))(
  `%s, stopped early ${STOPS} times, leaves nothing open`,
  async (name) => {
    const config = join(prefix, "config.yaml");
    const handle = createRunJob(loadConfig({ prefix, config, env: {} }));
    const extension = name.endsWith(".bin") ? ".meta.json" : /\.tar/.test(name) ? ".txt" : null;
    const sample = async (): Promise<void> => {
      const job = {
        dataset: "acme/orders/v1",
        raw: name,
        bronze: `bronze/${name}`,
        mtime: 0,
        seq: 1,
      };
      const { outcome } = await handle(
        { ...job, name: `s-${name}`, extension },
        new AbortController().signal,
      );
      expect(outcome).toBe("sampled");
    };
    for (let i = 0; i < 20; i += 1) await sample();
    const before = open();
    for (let i = 0; i < STOPS; i += 1) await sample();
    const after = open();
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.threads).toBeLessThanOrEqual(before.threads);
  },
);

/** Descriptors and threads of this process. */
function open(): { readonly descriptors: number; readonly threads: number } {
  const count = (folder: string): number => readdirSync(`/proc/self/${folder}`).length;
  return { descriptors: count("fd"), threads: count("task") };
}
