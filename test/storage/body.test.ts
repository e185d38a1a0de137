import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { bodyOf } from "../../src/storage/body.ts";

const url = new URL("https://data.example.org/a?secret");
const { signal } = new AbortController();

test("who takes bytes slowly has no slow source: only waiting for them counts", async () => {
  const message = new PassThrough();
  const chunks = Array.from({ length: 20 }, () => Buffer.alloc(5));
  let bytes = 0;
  const body = bodyOf(message, url, { stallMs: 100, signal, chunks: inTurn(chunks) });
  for await (const chunk of body) {
    await sleep(20);
    bytes += chunk.length;
  }
  expect(bytes).toBe(100);
});

test("a source that is slow all the time is given up, and what it sent is not lost", async () => {
  const message = new PassThrough();
  const timer = setInterval(() => message.write("abc"), 20);
  let bytes = 0;
  const read = async () => {
    for await (const chunk of bodyOf(message, url, { stallMs: 100, signal })) bytes += chunk.length;
  };
  await expect(read()).rejects.toMatchObject({ name: "Unavailable", leastBytes: 102.4 });
  clearInterval(timer);
  expect(bytes).toBeGreaterThanOrEqual(3);
  expect(message.destroyed).toBe(true);
});

async function* inTurn<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
