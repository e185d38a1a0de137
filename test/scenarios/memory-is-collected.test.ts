import { expect, test, vi } from "vitest";
import { createTrim } from "../../src/system/malloc-trim.ts";
import { createWorld, rows } from "../helpers/world.ts";

/** Stands in for V8's collection, and says when it is asked for. */
const telling = `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from "node:worker_threads";
  if (isMainThread)
    globalThis.gc = () => process.stdout.write(JSON.stringify({ msg: "collected" }) + "\\n");`)}`;

test("memory is collected after passes, also those that found nothing", async () => {
  await using world = await createWorld({ schedule: "* * * * * *" });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon({ NODE_OPTIONS: `--import=${telling}` });
  await daemon.logged("sampled");
  await daemon.logged("collected");
  // Nothing more comes.
  await daemon.logged("collected");
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  const heard = daemon.lines.filter(({ msg }) => msg === "pass" || msg === "collected");
  for (const [i, { msg }] of heard.entries())
    if (msg === "collected") expect(heard[i - 1]?.msg, JSON.stringify(heard)).toBe("pass");
});

test("it is collected no more often than every three seconds", () => {
  let now = 0;
  const collected: number[] = [];
  vi.stubGlobal("gc", () => void collected.push(now));
  try {
    const trim = createTrim(() => now);
    for (now = 500; now <= 10_000; now += 500) trim();
    expect(collected).toEqual([3000, 6000, 9000]);
  } finally {
    vi.unstubAllGlobals();
  }
});
