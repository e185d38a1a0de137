import { createGunzip, createGzip, createInflateRaw, deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { through } from "../../src/lib/through.ts";

const text = Buffer.from(Array.from({ length: 9000 }, (_, i) => `line ${i * 7919}\n`).join(""));

/** An input that says whether it was closed. */
function input(bytes: Uint8Array, chunk: number, failAfter = Infinity) {
  const state = { open: false };
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    state.open = true;
    try {
      for (let at = 0; at < bytes.length; at += chunk) {
        if (at >= failAfter) throw new Error("input failed");
        yield bytes.subarray(at, at + chunk);
      }
    } finally {
      state.open = false;
    }
  }
  return { state, chunks: chunks() };
}

/** The output before the end or the error. */
async function collect(chunks: AsyncIterable<Uint8Array>) {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of chunks) pieces.push(piece);
    return { bytes: Buffer.concat(pieces) };
  } catch (error) {
    return { bytes: Buffer.concat(pieces), error: error as Error };
  }
}

describe("a transform", () => {
  test.each([100, 5000, 1_000_000])("passes everything on, in chunks of %i", async (chunk) => {
    const { state, chunks } = input(gzipSync(text), chunk);
    const { bytes, error } = await collect(through(chunks, createGunzip()));
    expect(error).toBeUndefined();
    expect(bytes.equals(text)).toBe(true);
    expect(state.open).toBe(false);
  });

  test("compresses to the same bytes whatever the chunks", async () => {
    const small = await collect(through(input(text, 77).chunks, createGzip()));
    const large = await collect(through(input(text, text.length).chunks, createGzip()));
    expect(small.bytes.equals(large.bytes)).toBe(true);
  });

  test("yields what came before the input broke off", async () => {
    const packed = gzipSync(text);
    const { chunks } = input(packed.subarray(0, -100), 5000);
    const { bytes, error } = await collect(through(chunks, createGunzip()));
    expect(error).toMatchObject({ code: "Z_BUF_ERROR" });
    expect(bytes.length).toBeGreaterThan(text.length * 0.9);
    expect(text.subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  test("passes on the error of its input, and is destroyed", async () => {
    const transform = createGunzip();
    const { state, chunks } = input(gzipSync(text), 5000, 10_000);
    const { error } = await collect(through(chunks, transform));
    expect(error?.message).toBe("input failed");
    expect(transform.destroyed).toBe(true);
    expect(state.open).toBe(false);
  });

  test("leaves input behind its end unread", async () => {
    const packed = Buffer.concat([deflateRawSync(text), Buffer.alloc(100_000)]);
    const { state, chunks } = input(packed, 1000);
    const { bytes, error } = await collect(through(chunks, createInflateRaw()));
    expect(error).toBeUndefined();
    expect(bytes.equals(text)).toBe(true);
    expect(state.open).toBe(false);
  });

  test("is destroyed, and its input closed, when the reader stops early", async () => {
    const transform = createGunzip();
    const { state, chunks } = input(gzipSync(text), 1000);
    for await (const piece of through(chunks, transform)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect(transform.destroyed).toBe(true);
    expect(state.open).toBe(false);
  });
});
