import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { thisKernel } from "../../src/load/cgroup.ts";
import { createIoThrottle } from "../../src/load/io-throttle.ts";
import { createKernel, type Told } from "../helpers/kernel.ts";

const calm = { "proc/pressure/io": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\nfull x\n" };

/** Others wait for a disk all the time from now on, until that is ended. */
function makeWait(kernel: Told): () => void {
  const began = performance.now();
  const write = () => {
    const total = 1000 + Math.round((performance.now() - began) * 1000);
    writeFileSync(join(kernel.proc, "pressure/io"), `some avg10=0.00 total=${total}\n`);
  };
  const timer = setInterval(write, 1);
  return () => clearInterval(timer);
}

/** Turns that are had within a time, ms. */
async function turnsIn(
  ioThrottle: ReturnType<typeof createIoThrottle>,
  ms: number,
): Promise<number> {
  let turns = 0;
  for (const until = performance.now() + ms; performance.now() < until; turns += 1) {
    await ioThrottle.waitForTurn();
    await sleep(1);
  }
  return turns;
}

test("work goes on while nobody else waits for a disk, and slows down while somebody does", async () => {
  await using kernel = await createKernel(calm);
  const ioThrottle = createIoThrottle({ maxIo: 5 }, kernel);
  const alone = await turnsIn(ioThrottle, 900);
  const end = makeWait(kernel);
  await turnsIn(ioThrottle, 500);
  const shared = await turnsIn(ioThrottle, 900);
  end();
  expect(shared).toBeGreaterThan(0);
  expect(shared).toBeLessThan(alone / 4);
  await turnsIn(ioThrottle, 1500);
  expect(await turnsIn(ioThrottle, 900)).toBeGreaterThan(4 * shared);
});

test("without a limit nothing waits; one that the kernel cannot keep is refused", async () => {
  await using kernel = await createKernel({});
  await createIoThrottle({}, kernel).waitForTurn();
  expect(() => createIoThrottle({ maxIo: 5 }, kernel)).toThrow(/load\.maxIo is set, but \/proc/);
});

test("the kernel of this machine tells", async () => {
  await createIoThrottle({ maxIo: 100 }, thisKernel).waitForTurn();
});
