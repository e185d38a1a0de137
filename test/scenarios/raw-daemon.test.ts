import { rename, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { createWorld } from "../helpers/world.ts";

test("the daemon looks beside its passes, and a reload begins and ends that", async () => {
  await using world = await createWorld({ raw: { mode: "early", everySeconds: 0.1 } });
  await world.manifest("");
  const daemon = await world.daemon();
  await world.write("raw/temp_a.csv", "id\n1\n");
  await rename(world.path("raw/temp_a.csv"), world.path("raw/a.csv"));
  await daemon.logged("sampled", { raw: "raw/a.csv", sample: "a_sample.csv" });
  const { mtimeMs } = await stat(world.path("raw/a.csv"));
  await rename(world.path("raw/a.csv"), world.path("bronze/a.csv"));
  await world.announce("a.csv", { mtime: mtimeMs / 1000 });
  await daemon.logged("confirmed", { raw: "raw/a.csv", bronze: "bronze/a.csv" });

  await world.configure({ raw: { mode: "only", everySeconds: 0.1 } });
  process.kill(daemon.pid, "SIGHUP");
  await daemon.logged("configuration read again");
  await world.write("raw/b.csv", "id\n2\n");
  await daemon.logged("sampled", { raw: "raw/b.csv" });
  await rename(world.path("raw"), world.path("elsewhere"));
  await daemon.logged("raw files not looked at", { code: "RAW_UNREADABLE" });
  await rename(world.path("elsewhere"), world.path("raw"));
  await world.write("raw/c.csv", "id\n3\n");
  await daemon.logged("sampled", { raw: "raw/c.csv" });
  process.kill(daemon.pid, "SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv", "c_sample.csv"]);
});
