import { buffer } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { HEAD_BYTES, streamSource } from "../../src/lib/source.ts";

function counted(count: number, size: number) {
  const state = { read: 0, closed: false };
  async function* chunks(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (; state.read < count; state.read += 1) yield Buffer.alloc(size, state.read);
    } finally {
      state.closed = true;
    }
  }
  return { state, source: streamSource("a.txt", chunks()) };
}

describe("a source for bytes that can be read once", () => {
  test("has a head that costs no bytes of the stream", async () => {
    const { source } = counted(3, 10);
    const head = await source.head();
    expect(head).toHaveLength(30);
    expect(await source.head()).toEqual(head);
    expect((await buffer(source.stream())).equals(head)).toBe(true);
  });

  test("reads no further than it must for its head", async () => {
    const { state, source } = counted(100, 10_000);
    expect(await source.head()).toHaveLength(HEAD_BYTES);
    expect(state.read).toBe(6);
    expect(await buffer(source.stream())).toHaveLength(1_000_000);
  });

  test("can be read without asking for its head", async () => {
    const { source } = counted(3, 10);
    expect(await buffer(source.stream())).toHaveLength(30);
  });

  test("closes its input when the reader stops early", async () => {
    const { state, source } = counted(100, 10_000);
    await source.head();
    for await (const chunk of source.stream()) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(state.closed).toBe(true);
  });

  test("is empty where there is nothing", async () => {
    const { source } = counted(0, 0);
    expect(await source.head()).toHaveLength(0);
    expect(await buffer(source.stream())).toHaveLength(0);
  });
});
