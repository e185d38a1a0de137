import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { acceptOf } from "../../src/store/sqlite/accept.ts";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { command } from "../helpers/command.ts";
import { namedAs } from "../helpers/named.ts";
import { expectTrueTotals } from "../helpers/totals.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const NEVER = "0 0 29 2 *";
const TYPO = "acme/ordres/v1";

/** Two files in the dataset, and one that was announced to a dataset that is none. */
async function fill(world: World): Promise<void> {
  await world.put("a.csv", rows(3));
  await world.put("b.csv", rows(4));
  await world.announce("a.csv", { dataset: TYPO });
  await world.pass();
}

/** The cache's rows of a dataset that are left, in all of its tables. */
function leftOf(world: World, dataset: string): Record<string, number> {
  const tables = ["files", "names", "checkpoints", "rejected", "counts", "totals", "forgotten"];
  const db = world.db();
  const id = db.prepare("SELECT id FROM datasets WHERE name = ?").pluck().get(dataset);
  const left = tables.map((table) => [
    table,
    db.prepare(`SELECT count(*) FROM ${table} WHERE dataset = ?`).pluck().get(id) as number,
  ]);
  return Object.fromEntries(left.filter(([, count]) => (count as number) > 0));
}

async function loseCache(world: World): Promise<void> {
  world.close();
  await rm(world.state, { recursive: true });
}

test("a typo in append --dataset is forgotten once its directory is gone: no trouble is left", async () => {
  await using world = await createWorld();
  await fill(world);
  await rm(world.path("", TYPO), { recursive: true });
  expect((await world.pass()).outcomes[TYPO]).toBe("paused: FILE_MISSING");
  expect(await command(world, "audit")).toMatchObject({ code: 1 });
  const done = await command(world, "forget", TYPO);
  expect(done).toEqual({
    code: 0,
    stdout: `${TYPO}: forgotten\n`,
    stderr: `lake ${world.prefix}, cache ${world.state}\n${TYPO}: 1 entry, 0 samples (0 B)\n`,
  });
  expect(leftOf(world, TYPO)).toEqual({});
  expect((await world.pass()).summary).toMatchObject({ paused: 0, errors: 0 });
  expect((await command(world, "audit")).code).toBe(0);
  const status = JSON.parse((await command(world, "status", "--json")).stdout) as object;
  expect(status).toMatchObject({ datasets: [{ dataset: DATASET, entries: 2 }] });
  expectTrueTotals(world.db());
});

test("a dataset whose manifests are there would come back: it is refused, and nothing changes", async () => {
  await using world = await createWorld();
  await fill(world);
  world.close();
  const before = await world.snapshot();
  const { code, stderr } = await command(world, "forget", TYPO);
  expect(code).toBe(2);
  expect(stderr).toContain(
    `USAGE: ${TYPO} would come back with the next pass: remove ${world.path("manifests", TYPO)}, or all of ${world.path("", TYPO).replace(/\/$/, "")} where it was a mistake, or exclude the dataset (datasets.exclude), then forget it\n`,
  );
  expect(await world.snapshot()).toEqual(before);
});

test("beside a running daemon what has no directory is forgotten, and its passes are good again", async () => {
  await using world = await createWorld({ schedule: "* * * * * *", watch: false });
  await fill(world);
  await rm(world.path("", TYPO), { recursive: true });
  const daemon = await world.daemon();
  await daemon.logged("dataset waits", { where: TYPO });
  expect(await world.run(["forget", TYPO])).toMatchObject({
    code: 0,
    stdout: `${TYPO}: forgotten\n`,
  });
  await daemon.logged("pass", { paused: 0, errors: 0 });
  // The same name again is a new dataset.
  await world.put("c.csv", rows(2), { dataset: TYPO });
  await daemon.logged("sampled", { dataset: TYPO, raw: "raw/c.csv" });
  await daemon.end();
  expect(await world.samples(TYPO)).toEqual(["c_sample.csv"]);
});

test("beside a running daemon what has receipts is refused, with what to do", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await fill(world);
  const daemon = await world.daemon();
  const { code, stderr } = await world.run(["forget", "raw/b.csv"]);
  expect(code).toBe(75);
  expect(stderr).toMatch(/ALREADY_RUNNING: .*stop it for that; `acknowledge` works beside it/);
  await daemon.end();
});

test("an excluded dataset is forgotten with its samples: how many is said before, receipts stay", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.write("samples/mine.txt", "notes");
  await world.configure({ datasets: { exclude: [DATASET] } });
  const [size] = [(await world.sample("a_sample.csv")).length + rows(4).length];
  const dry = await command(world, "forget", DATASET, "--samples", "--dry-run", "--json");
  expect(JSON.parse(dry.stdout)).toEqual({
    dryRun: true,
    dataset: DATASET,
    raw: null,
    entries: 2,
    samples: 2,
    bytes: size,
    removesSamples: true,
  });
  expect(dry.stderr).toContain(`${DATASET}: 2 entries, 2 samples (${size} B), would be removed\n`);
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv", "mine.txt"]);
  const production = await world.snapshot(world.path("bronze"));
  const done = await command(world, "forget", `${DATASET}/`, "--samples");
  expect(done.stderr).toContain(`${DATASET}: 2 entries, 2 samples (${size} B), are removed\n`);
  expect(await world.samples()).toEqual(["mine.txt"]);
  expect((await world.receipts()).at(-1)).toMatchObject({ raw: null, outcome: "forgotten" });
  expect(await world.snapshot(world.path("bronze"))).toEqual(production);
  expect(leftOf(world, DATASET)).toEqual({});
  // Taken in again, it is a new dataset: what its receipts said before counts no more.
  await world.configure({});
  expect((await world.pass()).outcomes).toMatchObject({
    "raw/a.csv": "sampled",
    "raw/b.csv": "sampled",
  });
  expectTrueTotals(world.db());
});

test("without --samples a dataset's samples stay, as nobody's", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.configure({ datasets: { exclude: [DATASET] } });
  const done = await command(world, "forget", DATASET);
  expect(done.stderr).toMatch(/2 samples \(\d+ B\), left where they are\n/);
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv"]);
});

test("a raw is known of no more, until a line brings another mtime", async () => {
  await using world = await createWorld();
  await fill(world);
  const done = await command(world, "forget", "raw/a.csv", "--dataset", DATASET, "--samples");
  expect(done).toMatchObject({ code: 0, stdout: `${DATASET}  raw/a.csv: forgotten\n` });
  expect(world.row("raw/a.csv")?.dataset).toBe(TYPO);
  expect(await world.samples()).toEqual(["b_sample.csv"]);
  expect((await world.receipts()).at(-1)).toMatchObject({
    raw: "raw/a.csv",
    mtime: MTIME,
    outcome: "forgotten",
    sample: "samples/a_sample.csv",
  });
  expectTrueTotals(world.db());
  // Its line is no lost one, and the same line again changes nothing.
  const audit = await command(world, "audit", "--dataset", DATASET, "--json");
  expect(JSON.parse(audit.stdout)).toMatchObject([{ counts: { ok: 1, lost: 0, orphan: 0 } }]);
  await world.announce("a.csv");
  expect((await world.pass()).ingested).toMatchObject({ unchanged: 1, due: 0 });
  await world.announce("a.csv", { mtime: MTIME - 1 });
  expect((await world.pass()).outcomes["raw/a.csv"]).toBe("sampled");
  expect(leftOf(world, DATASET)["forgotten"]).toBeUndefined();
  await world.announce("a.csv");
  expect((await world.pass()).outcomes["raw/a.csv"]).toBe("sampled");
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv"]);
  expectTrueTotals(world.db());
});

test("a manifest that is read again brings no forgotten raw back, nor does a lost cache", async () => {
  await using world = await createWorld();
  await world.announce("a.csv", { mtime: MTIME - 5 });
  await world.put("a.csv", rows(3));
  await world.put("b.csv", rows(3));
  await world.pass();
  await command(world, "forget", "raw/a.csv");
  await command(world, "forget", "raw/b.csv");
  world.db().exec("DELETE FROM checkpoints");
  expect((await world.pass()).ingested).toMatchObject({ reread: "no checkpoint", due: 0 });
  await loseCache(world);
  expect((await world.pass()).ingested).toMatchObject({ reread: "no checkpoint", due: 0 });
  expect(world.rows()).toEqual([]);
  expect(leftOf(world, DATASET)).toMatchObject({ names: 2, forgotten: 2 });
  await world.announce("b.csv", { mtime: MTIME + 1 });
  await world.pass();
  await loseCache(world);
  await world.pass();
  expect(world.rows()).toMatchObject([{ raw: "raw/b.csv", outcome: "sampled", mtime: MTIME + 1 }]);
  expect(leftOf(world, DATASET)).toMatchObject({ forgotten: 1, names: 2 });
  expectTrueTotals(world.db());
});

test("receipts count by their time, whatever file a rotation put them into", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  const receipts = world.path("samples/_receipts.jsonl");
  // Older receipts are in files that are read later.
  await command(world, "forget", "raw/a.csv");
  const [sampled, forgotten] = (await readFile(receipts, "utf8")).trim().split("\n");
  await writeFile(receipts, `${forgotten}\n`);
  await writeFile(`${receipts}.1`, `${sampled}\n`);
  await loseCache(world);
  await world.pass();
  expect(world.rows()).toEqual([]);
  expect(leftOf(world, DATASET)).toMatchObject({ names: 1, forgotten: 1 });
});

test("a dataset that was forgotten as a whole is restored from what came after, and gives names anew", async () => {
  await using world = await createWorld();
  await fill(world);
  await rename(world.path("manifests"), world.path("old"));
  await command(world, "forget", DATASET, "--samples");
  await world.write("bronze/a.csv", rows(2));
  await world.announce("a.csv", { raw: "other/a.csv" });
  await world.pass();
  await loseCache(world);
  expect((await world.pass()).ingested).toMatchObject({ due: 0, unchanged: 1 });
  expect(world.rows().filter(({ dataset }) => dataset === DATASET)).toMatchObject([
    { raw: "other/a.csv", outcome: "sampled", sample: "samples/a_sample.csv" },
  ]);
  expectTrueTotals(world.db());
});

test("a line that comes in a batch of new ones finds what was forgotten, too", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass();
  await command(world, "forget", "raw/a.csv");
  const db = world.db();
  const accept = acceptOf(db);
  const dataset = datasetsOf(db).ensure(DATASET);
  const take = (raws: readonly string[], mtime: number) => {
    const entries = raws.map((raw) => ({ raw, bronze: "bronze/a.csv", mtime }));
    const expectedFor = (raw: string) => namedAs(`n-${raw.replaceAll("/", "_")}`);
    return accept(
      dataset,
      { dataset: DATASET, entries, rejected: [], checkpoints: [], expectedFor },
      1000,
    );
  };
  expect(take(["x1", "x2"], 1)).toMatchObject({ due: 2 });
  expect(take(["raw/a.csv", "x3"], MTIME)).toMatchObject({ due: 1, unchanged: 1 });
  expect(take(["x4"], 1)).toMatchObject({ due: 1 });
  expect(take(["raw/a.csv"], MTIME + 1)).toMatchObject({ due: 1 });
  expect(take(["raw/a.csv"], MTIME)).toMatchObject({ due: 0, superseded: 1 });
});

test("what several have is asked for, and what nobody has is said", async () => {
  await using world = await createWorld();
  await fill(world);
  const several = await command(world, "forget", "raw/a.csv");
  expect(several.code).toBe(2);
  expect(several.stderr).toContain(
    `raw/a.csv is in ${DATASET}, ${TYPO}: say which one with --dataset`,
  );
  const none = await command(world, "forget", "raw/none.csv");
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("no entry has the raw raw/none.csv; did you mean");
  const gone = await command(world, "explain", "raw/b.csv");
  expect(gone.code).toBe(0);
  await command(world, "forget", "raw/b.csv");
  expect((await command(world, "explain", "raw/b.csv")).stderr).not.toContain("same file name");
});

test("where the lake is not mounted nothing is forgotten", async () => {
  await using world = await createWorld();
  await fill(world);
  await world.configure({ state: join(world.root, "state") });
  await world.pass();
  world.close();
  await rename(world.prefix, `${world.prefix}.away`);
  expect(await command(world, "forget", DATASET)).toMatchObject({ code: 1 });
  await rename(`${world.prefix}.away`, world.prefix);
  expect(world.rows()).toHaveLength(3);
});

test("a link to another dataset is forgotten without a touch of what it leads to", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await symlink("v1", world.path("", "acme/orders/latest"));
  await world.pass();
  const latest = "acme/orders/latest";
  // An earlier version took a link for a dataset.
  world.db().prepare("INSERT INTO datasets (name) VALUES (?)").run(latest);
  await world.configure({ datasets: { exclude: [latest] } });
  const before = await world.snapshot(world.path(""));
  const refused = await command(world, "forget", latest, "--samples");
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("whose samples these are: forget it without --samples");
  expect(await command(world, "forget", latest)).toMatchObject({ code: 0 });
  expect(await world.snapshot(world.path(""))).toEqual(before);
  expect(world.rows().map(({ dataset }) => dataset)).toEqual([DATASET]);
});

test("samples/ that was exchanged for bronze is not touched, and nothing is forgotten", async () => {
  await using world = await createWorld();
  await fill(world);
  await rename(world.path("samples"), world.path("away"));
  await symlink("bronze", world.path("samples"));
  const before = await world.snapshot(world.path("bronze"));
  const args = ["forget", "raw/b.csv", "--dataset", DATASET, "--samples"];
  const { code, stderr } = await command(world, ...args);
  expect(code).toBe(1);
  expect(stderr).toContain("OUTPUT_UNWRITABLE");
  expect(await world.snapshot(world.path("bronze"))).toEqual(before);
  expect(world.row("raw/b.csv")).toMatchObject({ outcome: "sampled" });
});

test("one sample that cannot be removed ends it; what went before is done, and it can be done again", async () => {
  await using world = await createWorld({ sample: { layout: "mirror" } });
  await world.put("a/x.csv", rows(3));
  await world.put("b/x.csv", rows(3));
  await world.pass();
  await rename(world.path("samples/b"), world.path("samples/c"));
  await symlink("c", world.path("samples/b"));
  await world.configure({ datasets: { exclude: [DATASET] }, sample: { layout: "mirror" } });
  const { code, stderr } = await command(world, "forget", DATASET, "--samples");
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("PATH_REFUSED"),
  });
  expect(world.rows().map(({ raw }) => raw)).toEqual(["raw/b/x.csv"]);
  expectTrueTotals(world.db());
  await rm(world.path("samples/b"));
  await mkdir(world.path("samples/b"));
  expect(await command(world, "forget", DATASET, "--samples")).toMatchObject({ code: 0 });
  expect(await world.samples()).toEqual(["c/x_sample.csv"]);
});

test("more entries than one transaction takes are all forgotten", async () => {
  await using world = await createWorld();
  const lines = Array.from({ length: 2500 }, (_, i) =>
    JSON.stringify({ raw: `${i}.csv`, bronze: "bronze/no", mtime: 1 }),
  );
  await world.manifest(`${lines.join("\n")}\nno entry\n`);
  await world.pass();
  await rm(world.path(""), { recursive: true });
  await command(world, "forget", DATASET);
  expect(leftOf(world, DATASET)).toEqual({});
});
