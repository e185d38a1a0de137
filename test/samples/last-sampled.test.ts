import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lastSampled } from "../../src/samples/last-sampled.ts";
import { readReceipts } from "../../src/samples/receipts.ts";

let samples: string;
beforeEach(() => {
  samples = mkdtempSync(join(tmpdir(), "last-"));
});
afterEach(() => rmSync(samples, { recursive: true }));

function receipt(raw: string | null, outcome: string, at: number, more: object = {}): string {
  const time = new Date(at * 1000).toISOString();
  return `${JSON.stringify({ raw, outcome, ...more, at: time })}\n`;
}

const path = () => join(samples, "_receipts.jsonl");

/** The same by reading all of them. */
async function slowly(raw: string): Promise<unknown> {
  let last: Record<string, unknown> | null = null;
  for await (const page of readReceipts(samples)) {
    for (const one of page) if (one.raw === raw && one.outcome === "sampled") last = one;
  }
  return last;
}

test("the last sample's receipt is found wherever it lies in a file of several blocks", async () => {
  const raws = ["raw/a.csv", 'raw/"quoted" \\ and \u0007.csv', "raw/ä.csv", "raw/\udce4.csv"];
  let text = "";
  for (let i = 0; text.length < 3 * 1024 ** 2; i += 1) {
    const raw = raws[i % 7] ?? `raw/${i}.csv`;
    const outcome = i % 3 === 0 ? "failed" : "sampled";
    text += receipt(raw, outcome, i, { message: "x".repeat((i * 37) % 900) });
  }
  for (const raw of raws) text = receipt(raw, "sampled", 1) + text;
  writeFileSync(path(), text);
  for (const raw of [...raws, "raw/4.csv", "raw/5.csv", "raw/11.csv"]) {
    const found = await lastSampled(samples, raw);
    expect(found).toEqual(await slowly(raw));
    expect(found).not.toBeNull();
  }
  expect(await lastSampled(samples, "raw/none.csv")).toBeNull();
});

test("a receipt over the border of two blocks is found", async () => {
  for (const before of [1024 ** 2 - 30, 1024 ** 2 - 5, 1024 ** 2]) {
    const after = receipt("raw/b.csv", "sampled", 2, { x: "" }).length;
    const filler = receipt(null, "failed", 1, { x: "y".repeat(before - after) });
    writeFileSync(path(), receipt("raw/a.csv", "sampled", 1) + filler);
    expect(await lastSampled(samples, "raw/a.csv")).toMatchObject({ raw: "raw/a.csv" });
  }
});

test("one in a file that was renamed is found, and a torn last line does not matter", async () => {
  writeFileSync(path(), receipt("raw/a.csv", "sampled", 5) + receipt("raw/a.csv", "failed", 6));
  renameSync(path(), `${path()}.1`);
  expect(await lastSampled(samples, "raw/a.csv")).toMatchObject({ outcome: "sampled" });
  writeFileSync(path(), receipt("raw/b.csv", "sampled", 7));
  appendFileSync(path(), '{"raw":"raw/a.csv","outcome":"sam');
  const found = await lastSampled(samples, "raw/a.csv");
  expect(found).toMatchObject({ outcome: "sampled", at: "1970-01-01T00:00:05.000Z" });
});

test("where receipts cannot be read, or are a link, there is none", async () => {
  expect(await lastSampled(samples, "raw/a.csv")).toBeNull();
  writeFileSync(join(samples, "elsewhere"), receipt("raw/a.csv", "sampled", 1));
  symlinkSync("elsewhere", path());
  expect(await lastSampled(samples, "raw/a.csv")).toBeNull();
});
