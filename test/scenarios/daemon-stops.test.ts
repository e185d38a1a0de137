import { expect, test } from "vitest";
import { slowLimits, slowTgz } from "../helpers/slow.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";

async function fill(world: World, files: number): Promise<void> {
  for (let i = 0; i < files; i += 1) await world.write(`bronze/${i}.csv`, rows(200));
  const lines = Array.from({ length: files }, (_, i) =>
    JSON.stringify({ raw: `raw/${i}.csv`, bronze: `bronze/${i}.csv`, mtime: MTIME }),
  );
  await world.manifest(`${lines.join("\n")}\n`);
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "%s: the daemon commits what it did and exits 0",
  async (signal) => {
    await using world = await createWorld({ schedule: NEVER });
    await world.put("a.csv", rows(3));
    const daemon = await world.daemon();
    await daemon.logged("sampled", { raw: "raw/a.csv" });
    daemon.kill(signal);
    expect(await daemon.exited()).toBe(0);
    await daemon.logged("stopped");
    expect(daemon.stderr()).toBe("");
    expect(world.row("raw/a.csv")).toMatchObject({ outcome: "sampled", waiting: false });
  },
);

test("in the middle of a backlog: what is done is kept, the rest is left due, and nothing is done twice", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await fill(world, 1500);
  const daemon = await world.daemon();
  await daemon.logged("sampled");
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  const settled = world.rows().filter(({ outcome }) => outcome === "sampled");
  expect(settled.length).toBeGreaterThan(0);
  expect(settled.length).toBeLessThan(1500);
  expect(await world.samples()).toHaveLength(settled.length);
  expect(await world.receipts()).toHaveLength(settled.length);
  expect((await world.pass()).summary).toMatchObject({ sampled: 1500 - settled.length });
});

test("a second signal ends it at once", async () => {
  await using world = await createWorld({ schedule: NEVER, stopSeconds: 300, limits: slowLimits });
  await world.put("slow.tgz", slowTgz());
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  daemon.kill("SIGTERM");
  await daemon.logged("stopping");
  daemon.kill("SIGINT");
  expect(await daemon.exited()).toBe(1);
  expect(daemon.lines.map(({ msg }) => msg)).not.toContain("stopped");
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "sampled" });
  expect(world.row("raw/slow.tgz")).toMatchObject({ outcome: null, waiting: true });
});

test("what is not done within stopSeconds is aborted and stays due; the next start removes what it had begun", async () => {
  await using world = await createWorld({ schedule: NEVER, stopSeconds: 0.2, limits: slowLimits });
  await world.put("slow.tgz", slowTgz());
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  await daemon.logged("stopped");
  expect(world.row("raw/slow.tgz")).toMatchObject({ outcome: null, waiting: true, attempts: 0 });
  world.close();
  await world.pass({ run: () => Promise.resolve({ outcome: "aborted" }) });
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});

test("a file that takes longer than limits.seconds is stopped, and costs no other", async () => {
  await using world = await createWorld({ schedule: NEVER, limits: { ...slowLimits, seconds: 1 } });
  await world.put("slow.tgz", slowTgz());
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await daemon.logged("failed", { raw: "raw/slow.tgz", code: "TIMEOUT" });
  await world.put("b.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/b.csv" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv"]);
});
