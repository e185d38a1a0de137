import { describe, expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { recognise } from "../../src/formats/index.ts";
import type { Limits } from "../../src/lib/limits.ts";
import {
  allFixtures,
  defaultLimits,
  type Expected,
  type Feeding,
  type Fixture,
  memorySource,
  requestFor,
  type Result,
  sampleBytes,
  sampleOf,
  sampleSource,
} from "../helpers/sample.ts";

/** Limits that cut in different places. */
const limitSets: readonly Partial<Limits>[] = [
  {},
  { rows: 3 },
  { rows: 1, members: 1 },
  { bytes: 200 },
  { rows: 7, bytes: 1000, recordBytes: 500 },
  { bytes: 64, recordBytes: 64 },
];
/** Bytes of a line by which a header may be longer. */
const HEADER_LINE = 100;
/** The result that small limits give for large records. */
const tooLarge = { kind: "none", reason: expect.stringContaining("larger than") };
const textFormats = new Set(["csv", "jsonl", "text", "json", "xml", "lines", "nameless"]);

const fixtures = allFixtures();
const texts = fixtures.filter(
  ({ format, expected }) => textFormats.has(format) && !isOther(expected),
);
// A listing is plain text about an archive, and metadata is about a file: other formats.
const sameFormat = fixtures.filter(
  ({ path }) =>
    !/^(zip|tar|unknown)\/|\.(tar\.\w+|tgz|tzst|txz|tbz2|taz|tlz)$|unnamed-tar/.test(path),
);

describe.each(named(texts))("%s", (_, { name, bytes, format }) => {
  test("comes back whole where it is within the limits", async () => {
    const { bytes: sample, summary } = await sampleOf(name, bytes);
    expect(sample.equals(bytes)).toBe(summary.complete);
  });

  test.each(limitSets)("stays within the limits %o", async (some) => {
    const limits = { ...defaultLimits, ...some };
    const result = await sampleBytes(name, bytes, { limits });
    if (result.kind !== "sample") return expect(result).toMatchObject(tooLarge);
    const { rows = 0, complete, cut, warnings } = result.summary;
    expect(rows).toBeLessThanOrEqual(limits.rows);
    const isDamaged = warnings.some((warning) => warning.endsWith("what came before is kept"));
    expect(complete).toBe(cut === undefined && !isDamaged);
    // A header of lines may have as many bytes as the records below it.
    const most = format === "lines" ? 2 * limits.bytes + HEADER_LINE : limits.bytes;
    if (rows > 1) expect(result.bytes.length).toBeLessThanOrEqual(most);
  });

  test.each(limitSets)("is cut, not rewritten, with limits %o", async (limits) => {
    const result = await sampleBytes(name, bytes, { limits });
    if (result.kind !== "sample") return expect(result).toMatchObject(tooLarge);
    const sampledAs = result.summary.format;
    if (sampledAs === "json") expect(isCutOutOf(result.bytes, bytes)).toBe(true);
    else if (sampledAs === "xml") expect(isBeginningOf(result.bytes, bytes)).toBe(true);
    else expect(bytes.subarray(0, result.bytes.length).equals(result.bytes)).toBe(true);
  });
});

describe.each(named(sameFormat))("%s", (_, { name, bytes }) => {
  test.each(limitSets)("has a sample that is its own sample, with limits %o", async (limits) => {
    const first = await sampleBytes(name, bytes, { limits });
    if (!hasOwnSample(first))
      return expect(await sampleBytes(name, bytes, { limits })).toEqual(first);
    const second = await sampleOf(name, first.bytes, { limits });
    expect(second.bytes.equals(first.bytes)).toBe(true);
    expect(second.summary).toMatchObject({ complete: true, rows: first.summary.rows });
  });
});

describe.each(named(fixtures))("%s", (_, fixture) => {
  const { name, bytes, expected } = fixture;

  if (expected !== undefined) {
    test("gives what is expected of it", async () => {
      const { warnings, code, reason, ...facts } = expected;
      const result = await sampleBytes(name, bytes);
      const summary = result.kind === "sample" ? result.summary : undefined;
      expect(result.kind === "failed" ? result.code : undefined).toBe(code);
      expect(summary ?? {}).toMatchObject(facts);
      if (warnings !== undefined) expect(summary?.warnings).toHaveLength(warnings);
      expect(result.kind === "none" || summary?.reason !== undefined).toBe(reason === true);
    });
  }

  test.each(limitSets)(
    "is sampled alike whatever the chunk borders, with limits %o",
    async (limits) => {
      const asOne = plain(await sampleBytes(name, bytes, { limits }));
      for (const chunk of [1, 7, 64, bytes.length]) {
        const again = plain(await sampleBytes(name, bytes, { limits, chunk: Math.max(1, chunk) }));
        expect(again).toEqual(asOne);
      }
    },
  );

  test("closes what it opens, wherever the reader stops", async () => {
    for (const stopAfter of [0, 1, 2]) {
      const source = memorySource(name, bytes, { chunk: 16 });
      await takeFirst(source, stopAfter);
      expect(source.open()).toBe(0);
    }
  });

  test("passes on an abort, and closes what it opened", async () => {
    const total = await countReads(fixture);
    for (const at of readsToFail(total)) {
      const controller = new AbortController();
      const reason = new Error("stopped from outside");
      const onRead = (read: number): void => {
        if (read >= at) controller.abort(reason);
        controller.signal.throwIfAborted();
      };
      await expectError({ chunk: 16, onRead, signal: controller.signal }, fixture, reason);
    }
  });

  test("passes on what the storage says, and closes what it opened", async () => {
    const total = await countReads(fixture);
    for (const at of readsToFail(total)) {
      const reason = new Failure("FILE_UNREADABLE", "input/output error");
      const onRead = (read: number): void => {
        if (read === at) throw reason;
      };
      await expectError({ chunk: 16, onRead }, fixture, reason);
    }
  });
});

/** A result as plain data that `toEqual` shows well. */
function plain(result: Result): unknown {
  return result.kind === "sample" ? { ...result, bytes: result.bytes.toString("latin1") } : result;
}

/**
 * One line of JSON Lines is also JSON, which is cut by its elements; one entry of a log, or one of
 * several YAML documents, is also lines; and one of several values may be an array.
 */
function hasOwnSample(result: Result): result is Result & { readonly kind: "sample" } {
  if (result.kind !== "sample" || result.summary.format === "metadata") return false;
  return (
    !/^(jsonl|yaml|text|msgpack|cbor)$/.test(result.summary.format) || result.summary.rows !== 1
  );
}

/** True when a fixture in a text format's folder has no sample in that format. */
function isOther(expected: Expected | undefined): boolean {
  return expected?.reason === true || expected?.code !== undefined;
}

function named(list: readonly Fixture[]): (readonly [string, Fixture])[] {
  return list.map((fixture) => [fixture.path, fixture] as const);
}

/**
 * True when bytes can be made from others by leaving out, and by closing what is open at the end.
 */
function isCutOutOf(cut: Uint8Array, original: Uint8Array): boolean {
  let at = 0;
  for (const [index, byte] of cut.entries()) {
    const found = original.indexOf(byte, at);
    if (found < 0) return /^[\]}]*$/.test(Buffer.from(cut.subarray(index)).toString("latin1"));
    at = found + 1;
  }
  return true;
}

/** True when bytes are the beginning of others, with end tags after it. */
function isBeginningOf(cut: Uint8Array, original: Uint8Array): boolean {
  const differ = cut.findIndex((byte, i) => byte !== original[i]);
  if (differ < 0) return true;
  const rest = Buffer.from(cut).toString("latin1");
  const ends = /(<\/[^<>]*>)+$/.exec(rest);
  return ends !== null && ends.index <= differ;
}

async function takeFirst(source: ReturnType<typeof memorySource>, pieces: number): Promise<void> {
  const request = requestFor(source);
  try {
    const found = await recognise(request);
    const sample = found.format.sample(request, found);
    for (let taken = 0; taken < pieces; taken += 1) await sample.next();
    await sample.return(undefined as never);
  } catch (error) {
    expect(["Failure", "NoSample"]).toContain((error as Error).name);
  }
}

async function countReads({ name, bytes }: Fixture): Promise<number> {
  const source = memorySource(name, bytes, { chunk: 16 });
  await sampleSource(source);
  return source.reads();
}

/** A few reads from the first to the last. */
function readsToFail(total: number): number[] {
  const spread = [0, 1, 2, 3, total >> 2, total >> 1, total - 2, total - 1];
  return [...new Set(spread)].filter((read) => read >= 0 && read < total);
}

async function expectError(
  feeding: Feeding,
  { name, bytes }: Fixture,
  reason: Error,
): Promise<void> {
  const source = memorySource(name, bytes, feeding);
  const request = requestFor(source, feeding);
  const sampling = async (): Promise<void> => {
    const found = await recognise(request);
    const sample = found.format.sample(request, found);
    while ((await sample.next()).done !== true);
  };
  await expect(sampling()).rejects.toBe(reason);
  expect(source.open()).toBe(0);
}
