import { mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, MTIME, rows } from "../helpers/world.ts";

/** Every minute of a leap year's 29 February: in effect, never. */
const NEVER = "0 0 29 2 *";

test("what is appended while the daemon runs is sampled within seconds, without the schedule", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await daemon.logged("pass");

  const before = Date.now();
  await world.put("b.csv", rows(200));
  await daemon.logged("sampled", { raw: "raw/b.csv" });
  expect(Date.now() - before).toBeLessThan(5000);
  expect((await world.sample("b_sample.csv")).toString()).toBe(rows(100));

  await world.put("b.csv", rows(2), { mtime: MTIME + 1 });
  await daemon.logged("sampled", { raw: "raw/b.csv" });
  expect((await world.sample("b_sample.csv")).toString()).toBe(rows(2));
});

test("lines that come as soon as the daemon has begun are not missed", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("first.csv", rows(3));
  const daemon = await world.daemon();
  for (let i = 0; i < 20; i += 1) await world.put(`${i}.csv`, rows(3));
  for (let i = 0; i < 20; i += 1) await daemon.logged("sampled", { raw: `raw/${i}.csv` });
});

test("a dataset that is new is picked up while the daemon runs", async () => {
  await using world = await createWorld({ schedule: NEVER });
  const daemon = await world.daemon();
  await daemon.logged("pass");
  await world.put("a.csv", rows(3), { dataset: "new/vendor/v1" });
  await daemon.logged("sampled", { dataset: "new/vendor/v1", raw: "raw/a.csv" });
  await world.put("b.csv", rows(3), { dataset: "new/vendor/v1" });
  await daemon.logged("sampled", { dataset: "new/vendor/v1", raw: "raw/b.csv" });
  await world.put("c.csv", rows(3), { dataset: "new/vendor/v2" });
  await daemon.logged("sampled", { dataset: "new/vendor/v2", raw: "raw/c.csv" });
});

test("a rotation goes by without loss while the daemon runs", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  const manifest = world.path("manifests/processed.jsonl");
  await rename(manifest, `${manifest}.1`);
  await world.put("b.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/b.csv" });
  await world.put("c.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/c.csv" });
});

test("a bad last line is rejected once it has settled, and no schedule is needed", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await world.manifest("no entry\n");
  await daemon.logged("line rejected", { line: 2, code: "LINE_INVALID" });
});

test("the schedule triggers passes with watch off", async () => {
  await using world = await createWorld({ schedule: "* * * * * *", watch: false });
  const daemon = await world.daemon();
  await daemon.logged("pass");
  await world.put("a.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/a.csv" });
});

test("with watch: poll the manifests are looked at without events", async () => {
  await using world = await createWorld({ schedule: NEVER, watch: "poll" });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  await world.put("b.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/b.csv" });
});

test("a failed file is tried again when its time has come, without schedule or events", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.announce("a.csv");
  const daemon = await world.daemon();
  await daemon.logged("failed", { raw: "raw/a.csv", code: "FILE_MISSING" });
  await world.write("bronze/a.csv", rows(3));
  await daemon.logged("sampled", { raw: "raw/a.csv" });
});

test("a lake that is reached through links is followed as well", async () => {
  await using world = await createWorld({ schedule: NEVER });
  const elsewhere = join(world.root, "elsewhere");
  await mkdir(join(world.prefix, "linked/dataset"), { recursive: true });
  await mkdir(join(elsewhere, "bronze"), { recursive: true });
  await symlink(elsewhere, join(world.prefix, "linked/dataset/v1"));
  const link = join(world.root, "link");
  await symlink(world.prefix, link);
  const daemon = await world.daemon({ FP_PREFIX: link });
  await daemon.logged("pass");
  await world.put("a.csv", rows(3));
  await daemon.logged("sampled", { dataset: "acme/orders/v1", raw: "raw/a.csv" });
  await world.put("b.csv", rows(3), { dataset: "linked/dataset/v1" });
  await daemon.logged("sampled", { dataset: "linked/dataset/v1", raw: "raw/b.csv" });
  await world.put("c.csv", rows(3), { dataset: "linked/dataset/v1" });
  await daemon.logged("sampled", { dataset: "linked/dataset/v1", raw: "raw/c.csv" });
});
