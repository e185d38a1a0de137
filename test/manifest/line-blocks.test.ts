import fc from "fast-check";
import { expect, test } from "vitest";
import { type LineBlock, lineBlocks } from "../../src/lib/line-blocks.ts";

const MAX = 20;

/** Chunks of these lengths in turn; none is longer than a line may be. */
async function* chunksOf(bytes: Buffer, lengths: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const end = at + (lengths[i % lengths.length] ?? MAX);
    yield bytes.subarray(at, end);
    at = end;
  }
}

async function blocks(
  bytes: Buffer,
  lengths: readonly number[],
  start: number,
): Promise<LineBlock[]> {
  const found: LineBlock[] = [];
  for await (const block of lineBlocks(chunksOf(bytes, lengths), start, MAX)) found.push(block);
  return found;
}

/** The lines with their offsets; undefined for one that is too long. */
function naive(text: string, start: number, max: number): [number, string | undefined][] {
  const lines: [number, string | undefined][] = [];
  let at = start;
  for (const line of text.split("\n").slice(0, -1)) {
    lines.push([at, line.length > max ? undefined : line]);
    at += line.length + 1;
  }
  return lines;
}

test("whatever the chunk borders, the lines are those of a naive split, at their offsets", async () => {
  const text = fc
    .array(
      fc.oneof(
        fc.constant("\n"),
        fc.constantFrom("a", "bc", "x".repeat(MAX - 1), "y".repeat(MAX), "z".repeat(3 * MAX)),
      ),
    )
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.array(fc.integer({ min: 1, max: MAX })),
      fc.nat(100),
      async (content, lengths, start) => {
        const found = await blocks(Buffer.from(content), lengths, start);
        const lines: [number, string | undefined][] = [];
        let expectedStart = start;
        for (const block of found) {
          expect(block.start).toBe(expectedStart);
          expectedStart = block.end;
          if (block.bytes === undefined) lines.push([block.start, undefined]);
          else {
            expect(block.end - block.start).toBe(block.bytes.length);
            lines.push(...naive(Buffer.from(block.bytes).toString(), block.start, 1000));
          }
        }
        expect(lines).toEqual(naive(content, start, MAX));
      },
    ),
    { numRuns: 1000 },
  );
});

test("what follows the last line feed is left out", async () => {
  const found = await blocks(Buffer.from("a\nb"), [], 0);
  expect(found.map(({ start, end }) => [start, end])).toEqual([[0, 2]]);
  expect(await blocks(Buffer.from("no line feed"), [3], 0)).toEqual([]);
  expect(await blocks(Buffer.from(""), [], 0)).toEqual([]);
});

test("NULs before a line, too many to be held, are a hole, and the line follows", async () => {
  const nuls = fc.nat(5 * MAX).map((length) => "\0".repeat(length));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(nuls, fc.constantFrom("\n", "a\n", `${"x".repeat(MAX)}\n`, "b"))),
      fc.array(fc.integer({ min: 1, max: MAX })),
      async (parts, lengths) => {
        const text = parts.flat().join("");
        const found = await blocks(Buffer.from(text), lengths, 0);
        let end = 0;
        for (const block of found) {
          expect(block.start).toBe(end);
          end = block.end;
          const inside = text.slice(block.start, block.end);
          if (block.isHole) expect(inside).toMatch(/^\0+$/);
          else if (block.bytes === undefined)
            expect(inside.replace(/^\0+/, "").length).toBeGreaterThan(MAX + 1);
          else expect(Buffer.from(block.bytes).toString()).toBe(inside);
        }
        // What is left is the rest of the last line, and NULs that may still become a line.
        expect(text.slice(end)).not.toContain("\n");
      },
    ),
    { numRuns: 1000 },
  );
});
