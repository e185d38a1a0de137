import { expect, test } from "vitest";
import { createSerial } from "../../src/lib/serial.ts";

test("one piece of work begins when the one before is done, also where that failed", async () => {
  const serially = createSerial();
  const first = Promise.withResolvers<void>();
  const begun: string[] = [];
  const failing = serially(async () => {
    begun.push("a");
    await first.promise;
    throw new Error("no");
  });
  const next = serially(async () => begun.push("b"));
  await new Promise(setImmediate);
  expect(begun).toEqual(["a"]);
  first.resolve();
  await expect(failing).rejects.toThrow("no");
  expect(await next).toBe(2);
  expect(begun).toEqual(["a", "b"]);
});
