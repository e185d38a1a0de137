import { describe, expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import type { Strategy } from "../../src/formats/types.ts";
import type { Limits } from "../../src/lib/limits.ts";
import type { Source } from "../../src/lib/source.ts";
import {
  allFixtures,
  type Feeding,
  memorySource,
  type Result,
  sampleOf,
  sampleSource,
} from "../helpers/sample.ts";
import { type SpreadFile, spreadFiles } from "../helpers/spread-files.ts";

type Sample = Result & { readonly kind: "sample" };

const WINDOW_BYTES = 64 * 1024;
/** With three parts the files are read in windows; with ten, most of them are read through. */
const strategies: readonly Strategy[] = [
  { name: "spread", parts: 3, seed: "a" },
  { name: "spread", parts: 2, seed: "a" },
  { name: "spread", parts: 10, seed: "a" },
  { name: "reservoir", parts: 10, seed: "a" },
];
const limitSets: readonly Partial<Limits>[] = [
  {},
  { rows: 3 },
  { rows: 1 },
  { rows: 7, bytes: 1000, recordBytes: 500 },
  { bytes: 200 },
  { bytes: 64, recordBytes: 64 },
];
const files = (await spreadFiles()).map((file) => [file.name, file] as const);
const named = strategies.map((one) => [`${one.name} of ${one.parts}`, one] as const);

describe.each(files)("%s", (_, { name, bytes, rows }) => {
  const allRows = rows(bytes);

  describe.each(named)("%s", (_how, strategy) => {
    test.each(limitSets)(
      "keeps rows of the file in their order, with limits %o",
      async (limits) => {
        const result = await sampleOf(name, bytes, { limits, strategy });
        const all = await allRows;
        const kept = await rows(result.bytes);
        expect(result.summary.rows).toBe(kept.length);
        expect(kept.length).toBeLessThanOrEqual(limits.rows ?? 100);
        const places = placesOf(kept, all);
        expect(places).toEqual([...new Set(places)].toSorted((a, b) => a - b));
      },
    );

    test("is the same whatever the chunk borders, and each time", async () => {
      const first = await sampleOf(name, bytes, { strategy });
      for (const chunk of [777, 64 * 1024]) {
        expect(await sampleOf(name, bytes, { strategy, chunk })).toEqual(first);
      }
    });

    test("of a file that is cut off anywhere is a sample or a coded failure", async () => {
      for (let i = 1; i < 12; i += 1) {
        const cut = bytes.subarray(0, Math.floor((i * bytes.length) / 12) + i);
        expectOutcome(await sampleSource(memorySource(name, cut), { strategy }));
      }
    });

    test("passes on an abort and what the storage says, and closes what it opened", async () => {
      for (const at of [0, 1, 2, 3, 5]) {
        const reason = new Failure("FILE_UNREADABLE", "input/output error");
        const onRead = (read: number): void => {
          if (read === at) throw reason;
        };
        const source = memorySource(name, bytes, { onRead, chunk: 64 * 1024 });
        const result = await sampleSource(source, { strategy });
        if (source.reads() > at) expect(result).toMatchObject({ code: "FILE_UNREADABLE" });
        expect(source.open()).toBe(0);
      }
    });
  });

  test("a spread has the first and the last row, and parts where its receipt says", async () => {
    const strategy = { name: "spread", parts: 3, seed: "a" } as const;
    const { bytes: sample, summary } = await sampleOf(name, bytes, { strategy });
    const all = await allRows;
    const kept = await rows(sample);
    expect(summary).toMatchObject({ strategy: "spread", complete: false, cut: "rows", rows: 100 });
    expect(summary.parts?.map((part) => part.rows)).toEqual([34, 33, 33]);
    expect(kept[0]).toBe(all[0]);
    const last = isText(name) ? placesOf(kept.slice(-1), all)[0] : undefined;
    // A last line without an end may be half of one.
    if (last !== undefined) expect(last).toBe(all.length - (bytes.at(-1) === 0x0a ? 1 : 2));
    let row = 0;
    for (const part of summary.parts ?? []) {
      if (isText(name)) {
        const [first] = await rows(Buffer.concat([headOf(name), bytes.subarray(part.at)]));
        expect(kept[row]).toBe(first);
      }
      row += part.rows;
    }
  });

  test("other versions are looked into in other places, the same one in the same", async () => {
    const of = (seed: string) =>
      sampleOf(name, bytes, { strategy: { name: "spread", parts: 3, seed } });
    expect((await of("a")).bytes.equals((await of("a")).bytes)).toBe(true);
    if (name !== "a.parquet")
      expect((await of("a")).bytes.equals((await of("b")).bytes)).toBe(false);
  });
});

describe("of a large file no more is read than the windows of its parts", () => {
  test.each(files.filter(([name]) => isText(name) || name === "a.avro"))(
    "%s",
    async (name, file) => {
      const large = repeated(file);
      for (const parts of [2, 3, 10]) {
        const source = countedSource(name, large);
        const result = await sampleSource(source, {
          strategy: { name: "spread", parts, seed: "x" },
        });
        expect(result).toMatchObject({ summary: { strategy: "spread", rows: 100 } });
        expect((result as Sample).summary.parts).toHaveLength(parts);
        expect(source.readBytes()).toBeLessThanOrEqual(parts * WINDOW_BYTES);
      }
    },
  );

  test("a place without a border costs two windows more, and is left out", async () => {
    const before = `id,note\n0,"two\nlines"\n${'1,"abc"\n'.repeat(20_000)}`;
    const text = Buffer.from(`${before}1,"${"x,y\n".repeat(400_000)}"\n`);
    const rest = Buffer.from('2,"def"\n'.repeat(150_000));
    const bytes = Buffer.concat([text, rest]);
    const source = countedSource("a.csv", bytes);
    const strategy = { name: "spread", parts: 10, seed: "x" } as const;
    const { bytes: sample, summary } = (await sampleSource(source, { strategy })) as Sample;
    expect(summary.why).toMatch(/^\d of 10 places are left out: no border there is certain$/);
    const refused = Number(summary.why?.[0]);
    expect(summary.parts).toHaveLength(10 - refused);
    expect(sample.toString()).toMatch(/^id,note\n0,"two\nlines"\n(1,"abc"\n)+(2,"def"\n)+$/);
    expect(source.readBytes()).toBeLessThanOrEqual((10 + 2 * refused) * WINDOW_BYTES);
  });
});

describe("the first records, and the reason, where there is no other sample", () => {
  const line = "1,2\n";
  const large = (text: string) => Buffer.from(text.repeat(Math.ceil(3_000_000 / text.length)));
  test.each<readonly [string, string, Buffer, Partial<Feeding>, string]>([
    [
      "a source without a middle",
      "a.csv",
      large(line),
      { seekable: false },
      "cannot be read from the middle",
    ],
    ["records of unequal length", "a.csv", large("a,b\nc\n"), {}, "differ in their fields"],
    ["escaped quotes", "a.csv", large('a,"b \\"c\\""\n'), {}, "a backslash"],
    ["UTF-16", "a.csv", Buffer.from(`\ufeff${large(line)}`, "utf16le"), {}, "UTF-16"],
    ["UTF-16 lines", "a.txt", Buffer.from(`\ufeff${large(line)}`, "utf16le"), {}, "UTF-16"],
    ["lone CRs", "a.txt", large("abc\r"), {}, "lone CR"],
    ["a lone CR among records", "a.csv", large("a\rb,c\nd,e\n"), {}, "not RFC 4180"],
    ["records longer than the head", "a.csv", large(`1,${"x".repeat(70_000)}\n`), {}, "too long"],
    ["JSON", "a.json", Buffer.from(`[${large("1,")}1]`), {}, "elements of JSON"],
    ["one row", "a.csv", large(line), { limits: { rows: 1 } }, "one row"],
    ["a small limit", "a.csv", large(line), { limits: { readBytes: 200_000 } }, "limits.readBytes"],
    ["no room", "a.csv", large(line), { limits: { bytes: 3 } }, "sample.bytes"],
  ])("%s", async (_, name, bytes, feeding, why) => {
    const strategy = { name: "spread", parts: 10, seed: "a" } as const;
    const head = await sampleOf(name, bytes, feeding);
    const { bytes: sample, summary } = await sampleOf(name, bytes, { ...feeding, strategy });
    expect(sample.equals(head.bytes)).toBe(true);
    expect(summary).toEqual({
      ...head.summary,
      strategy: "head",
      why: expect.stringContaining(why),
    });
  });

  const others = allFixtures().filter(({ path }) =>
    /^(zip|tar|gz|zst|unknown)\/(?!not-)/.test(path),
  );
  test.each(others.map((one) => [one.path, one] as const))("%s", async (_, { name, bytes }) => {
    const strategy = { name: "spread", parts: 10, seed: "a" } as const;
    const head = await sampleSource(memorySource(name, bytes));
    const result = await sampleSource(memorySource(name, bytes), { strategy });
    if (head.kind !== "sample") return expect(result).toEqual(head);
    const why = expect.any(String);
    expect(result).toEqual({ ...head, summary: { ...head.summary, strategy: "head", why } });
  });
});

describe.each(
  allFixtures()
    .filter(({ path }) => /^(csv|jsonl|text|json)\//.test(path))
    .map((one) => [one.path, one] as const),
)("%s", (_, { name, bytes }) => {
  test.each(named)(
    "within the limits, and whole where all of it fits: %s",
    async (_how, strategy) => {
      for (const limits of limitSets) {
        const head = await sampleSource(memorySource(name, bytes), { limits });
        const result = await sampleSource(memorySource(name, bytes), { limits, strategy });
        expectOutcome(result);
        if (result.kind !== "sample") continue;
        const { rows = 0, complete, cut } = result.summary;
        expect(complete).toBe(cut === undefined && result.summary.reason === undefined);
        expect(rows).toBeLessThanOrEqual(limits.rows ?? 100);
        if (rows > 1) expect(result.bytes.length).toBeLessThanOrEqual(limits.bytes ?? Infinity);
        if (complete) expect(result.bytes.equals(bytes)).toBe(true);
        if (head.kind === "sample" && head.summary.complete) expect(complete).toBe(true);
        const again = await sampleSource(memorySource(name, bytes, { chunk: 1 }), {
          limits,
          strategy,
        });
        expect(again).toEqual(result);
      }
    },
  );
});

test.each(named)(
  "rows above limits.recordBytes are passed over, not held: %s",
  async (_, strategy) => {
    const rows = Array.from(
      { length: 300 },
      (_each, i) => `${i},${"x".repeat(i % 3 === 0 ? 5000 : 50)}\n`,
    );
    const limits = { rows: 40, recordBytes: 1000 };
    const bytes = Buffer.from(`id,x\n${rows.join("")}`);
    const result = await sampleOf("a.csv", bytes, { strategy, limits });
    expect(await sampleOf("a.csv", bytes, { strategy, limits, chunk: 64 })).toEqual(result);
    const [, ...kept] = result.bytes.toString().split(/(?<=\n)/);
    expect(kept.length).toBe(result.summary.rows);
    expect(kept.length).toBeGreaterThan(10);
    for (const row of kept) expect(row).toBe(rows[Number.parseInt(row, 10)]);
    expect(Math.max(...kept.map((row) => row.length))).toBeLessThan(1000);
    expect(result.summary).toMatchObject({ complete: false, cut: "bytes" });
  },
);

describe("a reservoir", () => {
  test("has each row as likely as any other", async () => {
    const bytes = Buffer.from(`id\n${Array.from({ length: 40 }, (_, i) => `${i}\n`).join("")}`);
    const counts = Array.from({ length: 40 }, () => 0);
    for (let seed = 0; seed < 2000; seed += 1) {
      const strategy = { name: "reservoir", parts: 10, seed: `${seed}` } as const;
      const { bytes: sample, summary } = await sampleOf("a.csv", bytes, {
        strategy,
        limits: { rows: 8 },
      });
      expect(summary).toMatchObject({ strategy: "reservoir", rows: 8, uniform: true, cut: "rows" });
      const kept = sample.toString().trim().split("\n").slice(1).map(Number);
      for (const row of kept) counts[row] = (counts[row] as number) + 1;
    }
    // 400 each; the standard deviation is 18.
    expect(Math.min(...counts)).toBeGreaterThan(320);
    expect(Math.max(...counts)).toBeLessThan(480);
  });

  test("is larger than what may be read: a spread, and why", async () => {
    const [, { name, bytes }] = files[0] as (typeof files)[number];
    const strategy = { name: "reservoir", parts: 3, seed: "a" } as const;
    const limits = { readBytes: bytes.length - 1 };
    const { summary } = await sampleOf(name, bytes, { strategy, limits });
    expect(summary).toMatchObject({ strategy: "spread", rows: 100 });
    expect(summary.why).toBe(
      `not a reservoir: it is larger than limits.readBytes (${bytes.length - 1} bytes)`,
    );
  });

  test("keeps fewer rows where these are long, and passes over those that are too long", async () => {
    const rows = Array.from(
      { length: 500 },
      (_, i) => `${i},${"x".repeat(i % 50 === 0 ? 900 : 90)}\n`,
    );
    const strategy = { name: "reservoir", parts: 3, seed: "a" } as const;
    const limits = { rows: 100, bytes: 2000 };
    const { bytes, summary } = await sampleOf("a.csv", `id,x\n${rows.join("")}`, {
      strategy,
      limits,
    });
    expect(bytes.length).toBeLessThanOrEqual(2000);
    expect(summary.rows).toBeGreaterThan(10);
    expect(summary).toMatchObject({ cut: "bytes", uniform: false });
    expect(bytes.toString()).not.toContain("x".repeat(91));
  });

  test("of rows that are all too long has the first one", async () => {
    const rows = Array.from({ length: 5 }, (_, i) => `${i},${"x".repeat(900)}\n`);
    const strategy = { name: "reservoir", parts: 3, seed: "a" } as const;
    const { bytes } = await sampleOf("a.csv", `id,x\n${rows.join("")}`, {
      strategy,
      limits: { bytes: 500 },
    });
    expect(bytes.toString()).toBe(`id,x\n${rows[0]}`);
  });
});

function isText(name: string): boolean {
  return !/\.(avro|parquet)$/.test(name);
}

/** A header, where rows need one to be read. */
function headOf(name: string): Buffer {
  return Buffer.from(name.endsWith(".csv") ? "id,name,note\n" : "");
}

/** The places of rows among all; -1 is not expected. */
function placesOf(kept: readonly string[], all: readonly string[]): number[] {
  const places = new Map(all.map((row, i) => [row, i]));
  return kept.map((row) => places.get(row) ?? -1);
}

function expectOutcome(result: Result): void {
  if (result.kind === "failed") expect(["FORMAT_INVALID", "LIMIT_EXCEEDED"]).toContain(result.code);
  else if (result.kind === "none") expect(result.reason).not.toBe("");
}

/** A file of several MB: its rows again and again. */
function repeated({ name, bytes }: SpreadFile): Buffer {
  const headEnd = name.endsWith(".csv") ? bytes.indexOf("\n0,") + 1 : avroHeadEnd(name, bytes);
  const line = Buffer.from(isText(name) && bytes.at(-1) !== 0x0a ? "\n" : "");
  const body = Buffer.concat([bytes.subarray(headEnd), line]);
  return Buffer.concat([bytes.subarray(0, headEnd), ...Array.from({ length: 5 }, () => body)]);
}

function avroHeadEnd(name: string, bytes: Buffer): number {
  const sync = bytes.subarray(-16);
  return name.endsWith(".avro") ? bytes.indexOf(sync) + 16 : 0;
}

/** A source whose first bytes are read once, as those of a file are. */
function countedSource(name: string, bytes: Buffer): Source & { readBytes(): number } {
  const source = memorySource(name, bytes);
  let first: ReturnType<Source["head"]> | undefined;
  return { ...source, head: () => (first ??= source.head()) };
}
