import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { Busy, createSemaphore } from "../../src/lib/semaphore.ts";

const PATIENCE_MS = 50;

test("so many work at once and no more, in the order in which they came, whatever becomes of them", async () => {
  const inTurn = createSemaphore(2, 60_000);
  const begun: number[] = [];
  let atOnce = 0;
  let most = 0;
  const all = Array.from({ length: 20 }, (_, i) =>
    inTurn(async () => {
      begun.push(i);
      most = Math.max(most, (atOnce += 1));
      await setImmediate();
      atOnce -= 1;
      if (i % 3 === 0) throw new Error(`${i}`);
      return i;
    }),
  );
  const ends = await Promise.allSettled(all);
  expect(most).toBe(2);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, i) => i));
  for (const [i, end] of ends.entries()) {
    expect(end).toMatchObject(i % 3 === 0 ? { reason: { message: `${i}` } } : { value: i });
  }
});

test("who waits behind one that hangs is turned away in time, and it goes on when that ends", async () => {
  const inTurn = createSemaphore(1, PATIENCE_MS);
  const { promise, resolve } = Promise.withResolvers<string>();
  const hanging = inTurn(() => promise);
  await expect(inTurn(() => Promise.resolve("late"))).rejects.toThrow(Busy);
  resolve("at last");
  expect(await hanging).toBe("at last");
  expect(await inTurn(() => Promise.resolve("next"))).toBe("next");
});
