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
import { findReceipt } from "../../src/samples/find-receipt.ts";
import { held } from "../helpers/held.ts";

let samples: string;
beforeEach(() => {
  samples = mkdtempSync(join(tmpdir(), "receipts-"));
});
afterEach(() => rmSync(samples, { recursive: true }));

const path = () => join(samples, "_receipts.jsonl");

function timeOf(second: number): string {
  return new Date(second * 1000).toISOString();
}

function receipt(raw: string | null, outcome: string, second: number, more: object = {}): string {
  return `${JSON.stringify({ raw, outcome, ...more, at: timeOf(second) })}\n`;
}

async function find(raw: string, second: number): Promise<unknown> {
  using directory = held(samples);
  return await findReceipt(directory, { raw, sampledAt: timeOf(second) });
}

test("a sample's receipt is found by its time, wherever it lies among many", async () => {
  const odd = ["raw/a.csv", 'raw/"quoted" \\ and \u0007.csv', "raw/ä.csv", "raw/\udce4.csv"];
  const rawOf = (i: number) => odd[i - 50] ?? `raw/${i}.csv`;
  let text = "";
  let count = 0;
  for (; text.length < 8 * 1024 ** 2; count += 1) {
    const more = { message: "x".repeat((count * 37) % 900) };
    text += receipt(rawOf(count), "failed", count, more) + receipt(rawOf(count), "sampled", count);
  }
  writeFileSync(path(), text);
  for (const i of [
    0,
    50,
    51,
    52,
    53,
    count - 1,
    ...Array.from({ length: 20 }, (_, k) => k * 600),
  ]) {
    expect(await find(rawOf(i), i)).toMatchObject({ raw: rawOf(i), outcome: "sampled" });
  }
  expect(await find("raw/none.csv", 5)).toBeNull();
});

test("one in a file that was renamed is found, and a torn last line does not matter", async () => {
  writeFileSync(path(), receipt("raw/a.csv", "sampled", 5) + receipt("raw/a.csv", "failed", 6));
  renameSync(path(), `${path()}.1`);
  expect(await find("raw/a.csv", 5)).toMatchObject({ outcome: "sampled" });
  writeFileSync(path(), receipt("raw/b.csv", "sampled", 7));
  appendFileSync(path(), '{"raw":"raw/a.csv","outcome":"sam');
  expect(await find("raw/a.csv", 5)).toMatchObject({ outcome: "sampled", at: timeOf(5) });
});

test("where there is no sample, receipts cannot be read, or are a link, there is none", async () => {
  expect(await find("raw/a.csv", 1)).toBeNull();
  writeFileSync(join(samples, "elsewhere"), receipt("raw/a.csv", "sampled", 1));
  symlinkSync("elsewhere", path());
  expect(await find("raw/a.csv", 1)).toBeNull();
  using directory = held(samples);
  expect(await findReceipt(directory, { raw: "raw/a.csv", sampledAt: null })).toBeNull();
});

test("what looks like a receipt within a line is none", async () => {
  const line = receipt("raw/a.csv", "sampled", 5);
  writeFileSync(path(), `${"x".repeat(100)}${line}${line.trim().repeat(3)}\n`);
  expect(await find("raw/a.csv", 5)).toBeNull();
  appendFileSync(path(), line);
  expect(await find("raw/a.csv", 5)).toMatchObject({ outcome: "sampled" });
});
