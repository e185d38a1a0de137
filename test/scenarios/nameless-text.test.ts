import { gunzipSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { expectTrueTotals } from "../helpers/totals.ts";
import { createWorld, rows } from "../helpers/world.ts";

const vcf = `##fileformat=VCFv4.2\n${"##contig=<ID=1>\n".repeat(300)}#CHROM\tPOS\n${"1\t2\n".repeat(200)}`;

test("text is sampled whatever its name, compressed or not; only what is none is described", async () => {
  await using world = await createWorld();
  await world.put("part-00000", '{"id":1}\n{"id":2}\n');
  await world.put("orders.csv.20260118", rows(200));
  await world.put("x.vcf", vcf);
  await world.put("x.vcf.gz", gzipSync(vcf));
  await world.put("notes", "read\nme\n");
  await world.put("model.weights", Buffer.from("00ff017f8081feff10203040", "hex"));
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ sampled: 5, described: 1, failed: 0 });
  expect(await world.samples()).toEqual([
    "model_sample.meta.json",
    "notes_sample",
    "orders_sample.csv.20260118",
    "part-00000_sample",
    "x_sample.vcf",
    "x_sample.vcf.gz",
  ]);
  expect((await world.sample("orders_sample.csv.20260118")).toString()).toBe(rows(100));
  const plain = await world.sample("x_sample.vcf");
  expect(gunzipSync(await world.sample("x_sample.vcf.gz")).equals(plain)).toBe(true);
  expect(world.row("raw/x.vcf")).toMatchObject({ format: "vcf", rows: 100, described: false });

  const receipts = await world.receipts();
  const of = (raw: string) => receipts.find((receipt) => receipt["raw"] === `raw/${raw}`);
  expect(of("model.weights")).toMatchObject({ outcome: "sampled", described: true });
  expect(of("part-00000")).toMatchObject({ recognisedBy: "content", confidence: 1 });
  expect(of("notes")).not.toHaveProperty("confidence");
  expectTrueTotals(world.db());
});

test("patterns of names say what a file is, before its extension and its content do", async () => {
  await using world = await createWorld();
  await world.configure({ formats: { names: { "part-*": "text" }, extensions: { "": "csv" } } });
  await world.put("part-00000", '{"id":1}\n');
  await world.put("table", "a\n1\n");
  await world.pass();
  expect(world.row("raw/part-00000")).toMatchObject({ format: "text" });
  expect(world.row("raw/table")).toMatchObject({ format: "csv", rows: 1 });
});
