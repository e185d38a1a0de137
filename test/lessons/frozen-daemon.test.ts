import { expect, test } from "vitest";
import type { PassSummary } from "../../src/store/types.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

interface Status {
  readonly running: { readonly pid: number } | null;
  readonly lastPass: PassSummary;
  readonly datasets: readonly { readonly sampled: number; readonly unreadBytes: number }[];
}

async function statusOf(world: World): Promise<Status> {
  const { code, stdout } = await world.run(["status", "--json"]);
  expect(code).toBe(0);
  return JSON.parse(stdout) as Status;
}

test("a daemon that is alive and does nothing shows in `status`: the last pass is old, and more is unread", async () => {
  await using world = await createWorld({ schedule: "* * * * * *" });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("pass", { sampled: 1 });
  await daemon.logged("pass", { sampled: 0 });
  daemon.kill("SIGSTOP");
  const before = await statusOf(world);
  await world.put("b.csv", rows(3));
  const frozen = await statusOf(world);
  expect(frozen).toMatchObject({ running: { pid: daemon.pid }, lastPass: before.lastPass });
  expect(before.datasets).toMatchObject([{ sampled: 1, unreadBytes: 0 }]);
  expect(frozen.datasets).toMatchObject([{ sampled: 1 }]);
  expect(frozen.datasets[0]?.unreadBytes).toBeGreaterThan(0);
  daemon.kill("SIGCONT");
  await daemon.logged("sampled", { raw: "raw/b.csv" });
  await daemon.logged("pass", { lines: 1, sampled: 1 });
  const after = await statusOf(world);
  expect(Date.parse(after.lastPass.at)).toBeGreaterThan(Date.parse(frozen.lastPass.at));
  expect(after.datasets).toMatchObject([{ sampled: 2, unreadBytes: 0 }]);
});
