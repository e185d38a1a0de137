import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, rows } from "../helpers/world.ts";

test("a daemon whose lock file was removed stays the only one, says so, and makes it again", async () => {
  await using world = await createWorld({ schedule: "0 0 29 2 *" });
  const daemon = await world.daemon();
  await daemon.logged("pass");
  await rm(join(world.state, "daemon.lock"));
  for (const args of [["run"], ["run", "--once"]]) {
    const ran = await world.run(args);
    expect(ran.code).toBe(75);
    expect(ran.stderr).toMatch(/ALREADY_RUNNING/);
  }
  await world.put("a.csv", rows(3));
  await daemon.logged("lock taken again", { reason: "daemon.lock was removed or replaced" });
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  const status = await world.run(["status", "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({ running: { pid: daemon.pid } });
  daemon.kill("SIGKILL");
  await daemon.exited();
  expect((await world.run(["run", "--once"])).code).toBe(0);
});

test("beside a running daemon a second one, and run --once, say who it is and exit 75; looking is fine", async () => {
  await using world = await createWorld({ schedule: "0 0 29 2 *" });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await daemon.logged("pass");
  for (const args of [["run"], ["run", "--once"]]) {
    const ran = await world.run(args);
    expect(ran.code).toBe(75);
    expect(ran.stderr).toMatch(new RegExp(`ALREADY_RUNNING: .*pid ${daemon.pid} `));
    expect(ran.stdout).toBe("");
  }
  const status = await world.run(["status", "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({
    running: { pid: daemon.pid },
    datasets: [{ sampled: 1 }],
  });
  const list = await world.run(["list", "--json"]);
  expect(JSON.parse(list.stdout)).toMatchObject([{ raw: "raw/a.csv", outcome: "sampled" }]);
  const check = await world.run(["check", "--json"]);
  expect(check.code).toBe(0);
  await world.put("b.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/b.csv" });

  daemon.kill("SIGKILL");
  expect(await daemon.exited()).toBe("SIGKILL");
  const after = await world.run(["status", "--json"]);
  expect(JSON.parse(after.stdout)).toMatchObject({ running: null });
  expect((await world.run(["run", "--once"])).code).toBe(0);
});
