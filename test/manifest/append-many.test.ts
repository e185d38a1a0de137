import { readFile, rm } from "node:fs/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { appendMany } from "../../src/manifest/append-many.ts";
import { createWorld, DATASET, type World } from "../helpers/world.ts";

/** Appends the bytes of some lines; returns what the manifest has then, and what was refused. */
async function appended(world: World, bytes: Buffer, refuse?: () => Promise<undefined>) {
  const refused: (readonly [number, string])[] = [];
  const count = await appendMany({
    prefix: world.prefix,
    dataset: DATASET,
    chunks: chunksOf(bytes),
    refuse,
    onRefused: (line, reason) => void refused.push([line, reason]),
  });
  const path = world.path("manifests/processed.jsonl");
  const manifest = count === 0 ? "" : await readFile(path, "latin1");
  await rm(path, { force: true });
  return { count, refused, manifest };
}

/** Short chunks, so that lines are cut by their borders. */
async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 500) yield bytes.subarray(at, at + 500);
}

const plain = (i: number) =>
  `{"raw":"raw/${i}.csv","bronze":"bronze/${i}.csv","mtime":${1737200000 + i}}`;

test("lines that are passed over as plain ones have the verdicts of those that are parsed", async () => {
  await using world = await createWorld();
  const parts = [
    "a.csv",
    "ä",
    "x y",
    "\u007f",
    "\\u0041",
    "\\\\",
    '"',
    "\t",
    "",
    "\ud800",
    "\u2028",
  ];
  const part = fc.constantFrom(...parts);
  const times = ["1e3", "-1", "01", "1.", "1737200000000", "12345678901"];
  const blank = ["", " ", "\r"];
  const noEntries = ["{", "}", "null", "[]", "silver/x"];
  const odd = fc.constantFrom(
    ...blank,
    ...noEntries,
    ...times.map((mtime) => `{"raw":"a","bronze":"b","mtime":${mtime}}`),
    `${plain(1)}${plain(2)}`,
    `${plain(3)}\r`,
    `{"raw":"${"x".repeat(65_536)}","bronze":"b","mtime":1}`,
    `{"raw":"${"x".repeat(65_537)}","bronze":"b","mtime":1}`,
    `{"raw":"${"ä".repeat(32_769)}","bronze":"b","mtime":1}`,
    `{"raw":"a","bronze":"b","mtime":1,"by":"etl"}`,
  );
  const own = fc
    .tuple(part, part, fc.constantFrom("", " ", "  "))
    .map(([raw, bronze, gap]) => `{"raw":${gap}"r${raw}","bronze":${gap}"b${bronze}","mtime":1.5}`);
  const bytes = (line: string) => Buffer.from(line);
  const notUtf8 = fc.constantFrom(
    Buffer.from('{"raw":"r\xe9","bronze":"b","mtime":1}', "latin1"),
    Buffer.from("bronze/\xe9", "latin1"),
  );
  const line = fc.oneof(
    { arbitrary: fc.nat(99).map(plain).map(bytes), weight: 4 },
    { arbitrary: own.map(bytes), weight: 2 },
    { arbitrary: odd.map(bytes), weight: 2 },
    notUtf8,
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 20 }), fc.boolean(), async (lines, isEnded) => {
      const text = Buffer.concat(lines.flatMap((one, i) => (i === 0 ? [one] : [LF, one])));
      const input = isEnded ? Buffer.concat([text, LF]) : text;
      const parsed = await appended(world, input, async () => undefined);
      expect(await appended(world, input)).toEqual(parsed);
    }),
    { numRuns: 300 },
  );
});

const LF = Buffer.from("\n");

test("a line of JSON that is not UTF-8 is refused, and those beside it are appended as they are", async () => {
  await using world = await createWorld();
  const lines = [plain(1), '{"raw":"raw/\xe9","bronze":"b","mtime":1}', plain(2), ""];
  expect(await appended(world, Buffer.from(lines.join("\n"), "latin1"))).toEqual({
    count: 2,
    refused: [[2, "not UTF-8"]],
    manifest: `${plain(1)}\n${plain(2)}\n`,
  });
});

test("lines of 1 MiB, and blocks larger than one write, are appended in their order", async () => {
  await using world = await createWorld();
  const long = `{"raw":"a","bronze":"b","mtime":1,"by":"${"x".repeat(1024 * 1024 - 43)}"}`;
  const many = Array.from({ length: 20_000 }, (_, i) => plain(i));
  const lines = [plain(1), long, ...many, "{", long, plain(2)];
  const { count, refused, manifest } = await appended(world, Buffer.from(lines.join("\n")));
  expect(refused).toEqual([[many.length + 3, expect.stringContaining("not JSON")]]);
  expect(count).toBe(lines.length - 1);
  expect(manifest === `${lines.filter((one) => one !== "{").join("\n")}\n`).toBe(true);
});
