import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createWriter } from "../../src/transfer/write-behind.ts";

const KIB = 1024;

/** A disk that writes one by one, when it is told to. */
function slowDisk(bytes: number) {
  const written = Buffer.alloc(bytes);
  const waiting: (() => void)[] = [];
  let atOnce = 0;
  return {
    written,
    waiting,
    async write(chunk: Uint8Array, at: number): Promise<void> {
      atOnce += 1;
      expect(atOnce).toBe(1);
      await new Promise<void>((resolve) => void waiting.push(resolve));
      written.set(chunk, at);
      atOnce -= 1;
    },
    /** Writes what waits until nothing does any more. */
    async work(): Promise<void> {
      for (let idle = 0; idle < 3;) {
        const next = waiting.shift();
        next?.();
        idle = next === undefined ? idle + 1 : 0;
        await new Promise(setImmediate);
      }
    },
  };
}

test("chunks of any size are written in order, though each is used again at once", async () => {
  const sizes = [1, 100, 300 * KIB, 5, 64 * KIB, 64 * KIB - 1, 200 * KIB, 0, 700 * KIB, 3];
  const total = sizes.reduce((sum, each) => sum + each, 0);
  const body = randomBytes(total);
  const disk = slowDisk(total + 10);
  const writer = createWriter(disk.write, 10);
  const chunk = Buffer.alloc(total);
  let at = 0;
  const adding = (async () => {
    for (const size of sizes) {
      body.copy(chunk, 0, at, at + size);
      await writer.add(chunk.subarray(0, size));
      chunk.fill(0);
      at += size;
    }
    await writer.flush();
  })();
  await Promise.all([adding, disk.work()]);
  expect(disk.written.subarray(10).equals(body)).toBe(true);
});

test("small chunks are collected while others are being written", async () => {
  const disk = slowDisk(1000);
  const writer = createWriter(disk.write, 0);
  for (let i = 0; i < 1000; i += 1) await writer.add(Buffer.of(i & 0xff));
  expect(disk.waiting).toHaveLength(1);
  const flushed = writer.flush();
  await disk.work();
  await flushed;
  expect(disk.written).toEqual(Buffer.from(Array.from({ length: 1000 }, (_, i) => i & 0xff)));
});

test("a disk that fails is told with the next chunk, and at the end", async () => {
  const writer = createWriter(() => Promise.reject(new Error("the disk is full")), 0);
  await writer.add(Buffer.of(1));
  await expect(writer.flush()).rejects.toThrow("full");
  await expect(writer.add(Buffer.of(2))).rejects.toThrow("full");
  await expect(writer.add(Buffer.alloc(100 * KIB))).rejects.toThrow("full");
});
