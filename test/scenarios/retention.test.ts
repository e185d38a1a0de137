import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { publishedOf } from "../../src/store/sqlite/samples.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const fixture = join(import.meta.dirname, "../../fixtures/zip/by-yazl.zip");

/** Puts files one pass after the other, so that each is older than the next. */
async function putInTurn(world: World, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await world.put(name, rows(3));
    await world.pass();
  }
}

/** Makes a sample older, as if it had been settled then. */
function age(world: World, raw: string, seconds: number): void {
  const { changes } = world
    .db()
    .prepare("UPDATE files SET sampled_at = sampled_at - ? WHERE raw = ?")
    .run(seconds * 1000, raw);
  expect(changes).toBe(1);
}

test("without a word in the configuration no sample is ever removed", async () => {
  await using world = await createWorld();
  await putInTurn(world, ["a.csv", "b.csv"]);
  age(world, "raw/a.csv", 1e9);
  world.close();
  expect((await world.pass()).summary.pruned).toBe(0);
  expect(await world.samples()).toHaveLength(2);
  expect((await world.run(["prune"])).stdout).toMatch(/no dataset has a retention/);
});

test("the newest maxFiles stay; what was removed is noted, and comes back only when it changes", async () => {
  await using world = await createWorld({ retention: { maxFiles: 2 } });
  await putInTurn(world, ["a.csv", "b.csv", "c.csv", "d.csv"]);
  expect(await world.samples()).toEqual(["c_sample.csv", "d_sample.csv"]);
  const receipts = (await world.receipts()).filter(({ outcome }) => outcome === "pruned");
  expect(receipts).toMatchObject([
    { raw: "raw/a.csv", bronze: "bronze/a.csv", mtime: MTIME, sample: "samples/a_sample.csv" },
    { raw: "raw/b.csv", sample: "samples/b_sample.csv" },
  ]);
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "pruned", sample: null, waiting: false });

  await world.announce("a.csv");
  expect((await world.pass()).summary).toMatchObject({ unchanged: 1, sampled: 0 });
  await world.announce("a.csv", { mtime: MTIME + 1 });
  expect((await world.pass()).summary).toMatchObject({ sampled: 1, pruned: 1 });
  expect(await world.samples()).toEqual(["a_sample.csv", "d_sample.csv"]);
});

test("what is older than maxAge goes, also where nothing new comes or sampling is off", async () => {
  await using world = await createWorld({ retention: { maxAge: "2h" } });
  await putInTurn(world, ["a.csv", "b.csv"]);
  age(world, "raw/a.csv", 7300);
  expect((await world.pass()).summary.pruned).toBe(1);
  expect(await world.samples()).toEqual(["b_sample.csv"]);
  age(world, "raw/b.csv", 7300);
  await world.configure({ retention: { maxAge: "2h" }, sample: { enabled: false } });
  expect((await world.pass()).summary.pruned).toBe(1);
  expect(await world.samples()).toEqual([]);
});

test("maxBytes counts all samples; one that is too large alone goes as well", async () => {
  await using world = await createWorld({ retention: { maxBytes: 60 } });
  await putInTurn(world, ["a.csv", "b.csv"]);
  const { bytes } = world.row("raw/b.csv") ?? {};
  expect(bytes).toBeLessThan(60);
  expect(bytes).toBeGreaterThan(30);
  expect(await world.samples()).toEqual(["b_sample.csv"]);
  await world.configure({ retention: { maxBytes: 10 } });
  await world.pass();
  expect(await world.samples()).toEqual([]);
});

test("limits hold for each dataset, and differ where the configuration says so", async () => {
  const overrides = [{ datasets: "acme/other/*", retention: { maxFiles: 1 } }];
  await using world = await createWorld({ retention: { maxFiles: 2 }, overrides });
  for (const dataset of [DATASET, "acme/other/v1"]) {
    for (const name of ["a.csv", "b.csv", "c.csv"]) await world.put(name, rows(1), { dataset });
  }
  await world.pass();
  expect(await world.samples()).toHaveLength(2);
  expect(await world.samples("acme/other/v1")).toHaveLength(1);
});

test("a sample of an earlier version goes with age; its entry stays failed, after a lost cache too", async () => {
  await using world = await createWorld();
  await world.put("a.zip", await readFile(fixture));
  await world.pass();
  await world.put("a.zip", "no zip", { mtime: MTIME + 1 });
  await world.pass();
  expect(world.row("raw/a.zip")).toMatchObject({ outcome: "failed", stale: true });
  age(world, "raw/a.zip", 100);
  await world.configure({ retention: { maxAge: 60 } });
  expect((await world.pass()).summary.pruned).toBe(1);
  expect(world.row("raw/a.zip")).toMatchObject({ outcome: "failed", sample: null });
  expect(await world.samples()).toEqual([]);
  const last = (await world.receipts()).slice(-2);
  expect(last).toMatchObject([
    { outcome: "pruned" },
    { outcome: "failed", code: "FORMAT_INVALID" },
  ]);
  world.close();
  await rm(world.state, { recursive: true });
  await world.pass();
  expect(world.row("raw/a.zip")).toMatchObject({ outcome: "failed", sample: null });
});

test("a cache that was lost knows what was pruned, and samples none of it again", async () => {
  const retention = { maxFiles: 1 };
  await using world = await createWorld({ retention });
  await putInTurn(world, ["a.csv", "b.csv"]);
  world.close();
  await rm(world.state, { recursive: true });
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ unchanged: 2, sampled: 0, pruned: 0 });
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "pruned", sample: null });
  const { stdout, code } = await world.run(["audit", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([
    { counts: { ok: 1, pruned: 1, missing: 0, orphan: 0 } },
  ]);
});

test("`prune` applies it now; `--dry-run` only says so", async () => {
  await using world = await createWorld();
  await putInTurn(world, ["a.csv", "b.csv", "c.csv"]);
  await world.configure({ retention: { maxFiles: 1 } });
  const dry = await world.run(["prune", "--dry-run", "--json"]);
  expect(JSON.parse(dry.stdout)).toMatchObject({
    dryRun: true,
    datasets: [{ dataset: DATASET, files: 2 }],
  });
  expect(await world.samples()).toHaveLength(3);
  const done = await world.run(["prune"]);
  expect(done).toMatchObject({ code: 0, stderr: expect.stringMatching(/^lake .*\n$/) });
  expect(done.stdout).toMatch(/^acme\/orders\/v1: 2 samples removed, \d+ B\n$/);
  expect(await world.samples()).toEqual(["c_sample.csv"]);
  const listed = await world.run(["list", "--outcome", "pruned", "--json"]);
  expect(JSON.parse(listed.stdout)).toMatchObject([{ raw: "raw/a.csv" }, { raw: "raw/b.csv" }]);
  const { stdout } = await world.run(["status", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ datasets: [{ sampled: 1, pruned: 2, failed: 0 }] });
});

test("where a daemon runs, `prune` says that it applies retention, and a reload has it do so", async () => {
  await using world = await createWorld();
  await putInTurn(world, ["a.csv", "b.csv", "c.csv"]);
  const daemon = await world.daemon();
  await daemon.logged("pass");
  const changed = { prefix: world.prefix, retention: { maxFiles: 1 } };
  await writeFile(world.config, JSON.stringify(changed));
  const { code, stderr } = await world.run(["prune"]);
  expect(code).toBe(75);
  expect(stderr).toMatch(/ALREADY_RUNNING: .*\(pid \d+ .*: a daemon applies retention/);
  process.kill(daemon.pid, "SIGHUP");
  await daemon.logged("samples pruned", { dataset: DATASET, files: 2 });
  expect(await world.samples()).toEqual(["c_sample.csv"]);
});

test("`retry` brings pruned samples back where their raws are named, and not otherwise", async () => {
  await using world = await createWorld({ retention: { maxFiles: 1 } });
  await putInTurn(world, ["a.csv", "b.csv"]);
  expect((await world.run(["retry"])).stdout).toMatch(/no failed entry/);
  expect((await world.run(["retry", "raw/a.*"])).stdout).toMatch(/1 made due/);
  await world.configure({});
  expect((await world.pass()).summary).toMatchObject({ sampled: 1 });
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv"]);
});

test("a sample whose entry became due while it was to go stays", async () => {
  await using world = await createWorld();
  await putInTurn(world, ["a.csv", "b.csv"]);
  const published = publishedOf(world.db());
  const ends = [
    { sampledAt: 0, raw: "" },
    { sampledAt: Date.now() + 1, raw: "" },
  ] as const;
  const listed = published.oldest(1, ...ends, 10);
  expect(listed.map(({ raw }) => raw)).toEqual(["raw/a.csv", "raw/b.csv"]);
  world.db().exec("UPDATE files SET next_at = 1 WHERE raw = 'raw/a.csv'");
  const gone: string[] = [];
  published.prune(1, listed, (name) => gone.push(name));
  expect(gone).toEqual(["b_sample.csv"]);
  expect(world.row("raw/a.csv")).toMatchObject({ sample: "samples/a_sample.csv" });
});

test("nothing is removed through a link that leads out of samples", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  await world.put("a.csv", rows(1), { raw: "raw/deep/a.csv" });
  await world.pass();
  const [elsewhere, deep] = [join(world.root, "elsewhere"), world.path("samples/deep")];
  await mkdir(elsewhere);
  await rename(join(deep, "a_sample.csv"), join(elsewhere, "a_sample.csv"));
  await rm(deep, { recursive: true });
  await symlink(elsewhere, deep);
  await world.configure({ sample: { layout: "mirror" }, retention: { maxBytes: 1 } });
  const { summary, outcomes } = await world.pass();
  expect(summary).toMatchObject({ pruned: 0, errors: 1 });
  expect(outcomes).toEqual({ [DATASET]: "error: PATH_REFUSED" });
  expect(await readFile(join(elsewhere, "a_sample.csv"), "utf8")).toBe(rows(1));
});

test("a stale sample is as old as it is: a failure since then makes it no younger", async () => {
  await using world = await createWorld();
  await putInTurn(world, ["a.csv", "b.csv"]);
  await world.announce("a.csv", { bronze: "/etc/hostname", mtime: MTIME + 1 });
  await world.pass();
  await world.configure({ retention: { maxFiles: 1 } });
  await world.pass();
  expect(await world.samples()).toEqual(["b_sample.csv"]);
});

test("a sample that cannot be removed is told of, and costs no other", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  await world.put("a.csv", rows(1), { raw: "raw/deep/a.csv" });
  await world.pass();
  await putInTurn(world, ["b.csv", "c.csv"]);
  await rm(world.path("samples/deep"), { recursive: true });
  await symlink("/tmp", world.path("samples/deep"));
  await world.configure({ sample: { layout: "mirror" }, retention: { maxFiles: 1 } });
  const { code, stdout, stderr } = await world.run(["prune"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^acme\/orders\/v1: PATH_REFUSED: /m);
  expect(stdout).toMatch(/1 sample removed/);
  const pruned = (await world.receipts()).filter(({ outcome }) => outcome === "pruned");
  expect(pruned.map(({ raw }) => raw)).toEqual(["raw/b.csv"]);
});

test("where the lake is not there, nothing is taken for removed", async () => {
  await using world = await createWorld();
  await world.configure({ state: join(world.root, "state"), retention: { maxFiles: 1 } });
  await putInTurn(world, ["a.csv"]);
  await world.configure({ state: join(world.root, "state") });
  await putInTurn(world, ["b.csv", "c.csv"]);
  await world.configure({ state: join(world.root, "state"), retention: { maxFiles: 1 } });
  world.close();
  await rename(world.prefix, `${world.prefix}.away`);
  await mkdir(world.prefix);
  expect((await world.run(["prune"])).stdout).toMatch(/no dataset/);
  await rm(world.prefix, { recursive: true });
  await rename(`${world.prefix}.away`, world.prefix);
  expect((await world.run(["prune"])).stdout).toMatch(/2 samples removed/);
});

test("a metadata sample that was pruned leaves no name behind, also where the cache is lost", async () => {
  const limits = { recordBytes: "1KiB" };
  await using world = await createWorld({ limits, retention: { maxBytes: 1 } });
  await world.put("a.csv", `id\n${"x".repeat(4000)}\n`);
  await world.pass();
  expect(await world.samples()).toEqual([]);
  world.close();
  await rm(world.state, { recursive: true });
  await world.configure({ limits });
  await world.put("a.csv", rows(2), { mtime: MTIME + 1 });
  await world.pass();
  expect(await world.samples()).toEqual(["a_sample.csv"]);
});
