import { expect, test } from "vitest";
import { createWorld, rows } from "../helpers/world.ts";

const INFO = 30;

/** Stands in for V8's collection, and says when it is asked for. */
const telling = `data:text/javascript,${encodeURIComponent(`
  import { isMainThread } from "node:worker_threads";
  if (isMainThread)
    globalThis.gc = () => process.stdout.write(JSON.stringify({ msg: "collected" }) + "\\n");`)}`;

test("memory is collected after whole passes that found nothing, and only then", async () => {
  await using world = await createWorld({ schedule: "* * * * * *" });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon({ NODE_OPTIONS: `--import=${telling}` });
  await daemon.logged("sampled");
  await daemon.logged("collected");
  await world.put("b.csv", rows(3));
  await daemon.logged("sampled");
  await daemon.logged("collected");
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);

  const heard = daemon.lines.filter(({ msg }) => msg === "pass" || msg === "collected");
  for (const [i, { msg, level, lines, sampled }] of heard.entries()) {
    // A pass over a few datasets is logged at debug.
    const isIdle = msg === "pass" && level === INFO && lines === 0 && sampled === 0;
    expect(heard[i + 1]?.msg === "collected", JSON.stringify(heard)).toBe(isIdle);
  }
});
