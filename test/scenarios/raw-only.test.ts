import { rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { createRunJob } from "../../src/sampling/job/run-job.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

/** A dataset without manifest and bronze; `raw` are further settings. */
async function onlyRaw(raw: object = {}): Promise<World> {
  const world = await createWorld({ raw: { mode: "only", ...raw } });
  await rm(world.path("bronze"), { recursive: true });
  return world;
}

/** As if the times of all directories had been looked at long after they changed. */
function forgetStates(world: World): void {
  world.db().prepare("UPDATE raw_directories SET listed_at = 0").run();
}

test("raw files are sampled without a manifest, once each", async () => {
  await using world = await onlyRaw();
  await world.write("raw/2026/01/a.csv", rows(200));
  await world.write("raw/2026/01/b.bin", Buffer.alloc(100, 7));
  await world.write("raw/2026/02/broken.parquet", "no parquet");
  const { outcomes } = await world.pass();
  expect(outcomes).toEqual({
    "raw/2026/01/a.csv": "sampled",
    "raw/2026/01/b.bin": "sampled",
    "raw/2026/02/broken.parquet": "FORMAT_INVALID",
  });
  expect(String(await world.sample("a_sample.csv"))).toBe(rows(100));
  expect((await world.pass()).outcomes).toEqual({});
  forgetStates(world);
  expect((await world.pass()).outcomes).toEqual({});
  const status = await world.run(["status", "--json"]);
  expect(JSON.parse(status.stdout)).toMatchObject({
    totals: { entries: 3, sampled: 1, described: 1, failed: 1, unconfirmed: 3, unreadBytes: 0 },
  });
  const checked = await world.run(["check"]);
  expect(checked).toMatchObject({ code: 0 });
  const audit = await world.run(["audit", "--json"]);
  expect(JSON.parse(audit.stdout)).toMatchObject([{ counts: { ok: 2, failed: 1, moved: 0 } }]);
  const explained = await world.run(["explain", "raw/2026/01/a.csv"]);
  expect(explained.stdout).toMatch(/^ {2}from +the raw file; no manifest line has named it yet$/m);
  expect(explained.stdout).not.toMatch(/unread/);
});

test("a name that was gone and is back is looked at again; one that stayed is not", async () => {
  await using world = await onlyRaw();
  await world.write("raw/orders.csv", "id\n1\n");
  await world.write("raw/stays.csv", "id\n1\n");
  await world.pass();
  await rm(world.path("raw/orders.csv"));
  await writeFile(world.path("raw/stays.csv"), "id\n1\n2\n");
  expect((await world.pass()).outcomes).toEqual({});
  await world.write("raw/orders.csv", "id\n2\n");
  expect((await world.pass()).outcomes).toEqual({ "raw/orders.csv": "sampled" });
  expect(String(await world.sample("orders_sample.csv"))).toBe("id\n2\n");
});

test("restat: known files are looked at again when their directory is listed again", async () => {
  await using world = await onlyRaw({ restat: true, relistSeconds: 1 });
  await world.write("raw/a.csv", "id\n1\n");
  await world.write("raw/b.csv", "id\n1\n");
  await world.write("raw/c.csv", "id\n1\n");
  await world.pass();
  await rm(world.path("raw/c.csv"));
  await world.write("raw/temp_a.csv", "id\n2\n3\n");
  await rename(world.path("raw/temp_a.csv"), world.path("raw/a.csv"));
  forgetStates(world);
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(String(await world.sample("a_sample.csv"))).toBe("id\n2\n3\n");
  expect(world.row("raw/b.csv")?.goneAt).toBeNull();
  expect(world.row("raw/c.csv")?.goneAt).not.toBeNull();
});

test("a directory whose times are as they were is not listed, until relistSeconds are over", async () => {
  await using world = await onlyRaw();
  await world.write("raw/a.csv", "id\n1\n");
  await world.pass();
  // As if the listing had been long after its last change, which two seconds would be.
  await sleep(2100);
  await world.pass();
  const listed = async () =>
    (await world.pass()).events.flatMap((event) =>
      event.type === "looked" ? [event.looked.listed] : [],
    );
  expect(await listed()).toEqual([0]);
  forgetStates(world);
  expect(await listed()).toEqual([1]);
  // A producer that sets a directory's mtime back, as rsync does, hides nothing.
  const { atime, mtime } = await stat(world.path("raw"));
  await world.write("raw/b.csv", "id\n1\n");
  await utimes(world.path("raw"), atime, mtime);
  expect((await world.pass()).outcomes).toEqual({ "raw/b.csv": "sampled" });
});

test("a directory that another one takes the place of, with the same times, is listed", async () => {
  await using world = await onlyRaw();
  await world.write("raw/d/a.csv", "id\n1\n");
  await world.write("other/b.csv", "id\n1\n");
  await world.pass();
  await rename(world.path("raw/d"), world.path("gone"));
  await rename(world.path("other"), world.path("raw/d"));
  expect((await world.pass()).outcomes).toEqual({ "raw/d/b.csv": "sampled" });
  expect(world.row("raw/d/a.csv")?.goneAt).not.toBeNull();
  await rm(world.path("raw/d"), { recursive: true });
  await world.pass();
  expect(world.row("raw/d/b.csv")?.goneAt).not.toBeNull();
});

test("marker: a file is complete once its marker is there, and is not older", async () => {
  await using world = await onlyRaw({ ready: "marker" });
  await world.write("raw/a.csv", "id\n1\n");
  await world.write("raw/b.csv", "id\n1\n");
  await world.write("raw/a.csv.done", "");
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  // Its marker was there before it, and says nothing of it.
  await world.write("raw/b.csv.done", "");
  await utimes(world.path("raw/b.csv.done"), 1000, 1000);
  expect((await world.pass()).outcomes).toEqual({});
  await world.write("raw/b.csv.done", "");
  expect((await world.pass()).outcomes).toEqual({ "raw/b.csv": "sampled" });
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv"]);
});

test("marker: one for all files of its directory", async () => {
  await using world = await onlyRaw({ ready: "marker", marker: "_SUCCESS" });
  await world.write("raw/x/part-0.csv", "id\n1\n");
  await world.write("raw/x/part-1.csv", "id\n2\n");
  await world.write("raw/y/part-2.csv", "id\n2\n");
  expect((await world.pass()).outcomes).toEqual({});
  await world.write("raw/x/_SUCCESS", "");
  expect((await world.pass()).outcomes).toEqual({
    "raw/x/part-0.csv": "sampled",
    "raw/x/part-1.csv": "sampled",
  });
});

test("quiet: a file has to look the same at two looks, so far apart", async () => {
  await using world = await onlyRaw({ ready: "quiet", quietSeconds: 3600 });
  await world.write("raw/a.csv", "id\n1\n");
  const later = () => world.db().prepare("UPDATE raw_resting SET since = since - 3600000").run();
  expect((await world.pass()).outcomes).toEqual({});
  expect((await world.pass()).outcomes).toEqual({});
  later();
  // It is written to, and has the size and the mtime that it had.
  const { atime, mtime } = await stat(world.path("raw/a.csv"));
  await writeFile(world.path("raw/a.csv"), "id\n2\n");
  await utimes(world.path("raw/a.csv"), atime, mtime);
  expect((await world.pass()).outcomes).toEqual({});
  later();
  world.close();
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(String(await world.sample("a_sample.csv"))).toBe("id\n2\n");
  expect(world.db().prepare("SELECT count(*) FROM raw_resting").pluck().get()).toBe(0);
  const checked = await world.run(["check"]);
  expect(checked.stdout).toMatch(/a pause of the writer looks like its end/);
});

test("an empty file is a placeholder, until it has stayed empty for a while", async () => {
  await using world = await onlyRaw({ quietSeconds: 3600 });
  await world.write("raw/a.csv", "");
  await world.write("raw/b.csv", "");
  expect((await world.pass()).outcomes).toEqual({});
  await world.write("raw/temp_a.csv", "id\n1\n");
  await rename(world.path("raw/temp_a.csv"), world.path("raw/a.csv"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  world.db().prepare("UPDATE raw_resting SET since = since - 3600000").run();
  expect((await world.pass()).outcomes).toEqual({ "raw/b.csv": "sampled" });
});

test("a file that is moved away while it is read is whole all the same", async () => {
  await using world = await onlyRaw();
  const text = rows(200_000);
  await world.write("raw/a.csv", text);
  const real = createRunJob(world.settings());
  const { outcomes } = await world.pass({
    async run(job, signal) {
      const outcome = real(job, signal);
      await rename(world.path("raw/a.csv"), world.path("a.csv"));
      return outcome;
    },
  });
  // It was opened before, or it was not there any more.
  if (outcomes["raw/a.csv"] === undefined) expect(world.row("raw/a.csv")?.outcome).toBeNull();
  else expect(String(await world.sample("a_sample.csv"))).toBe(rows(100));
});

test("the cache is lost: receipts say what was sampled", async () => {
  await using world = await onlyRaw();
  await world.write("raw/a.csv", "id\n1\n");
  await world.pass();
  world.close();
  await rm(world.state, { recursive: true });
  expect((await world.pass()).outcomes).toEqual({});
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "sampled", from: "raw" });
});

test("directories are named as manifests write them: absolute ones, and {dataset}", async () => {
  await using world = await createWorld();
  const landing = `${world.root}/landing/{dataset}`;
  await world.configure({
    allowedRoots: [world.root],
    raw: { mode: "early", directories: [landing, world.path("raw")] },
  });
  const path = landing.replace("{dataset}", "acme/orders/v1");
  await world.write(`../../../../landing/acme/orders/v1/a.csv`, "id\n1\n");
  await world.write("raw/b.csv", "id\n2\n");
  expect((await world.pass()).outcomes).toEqual({
    [`${path}/a.csv`]: "sampled",
    [world.path("raw/b.csv")]: "sampled",
  });
  await rename(`${path}/a.csv`, world.path("bronze/a.csv"));
  const { mtimeMs } = await stat(world.path("bronze/a.csv"));
  const line = { raw: `${path}/a.csv`, bronze: "bronze/a.csv", mtime: mtimeMs / 1000 };
  await world.manifest(`${JSON.stringify(line)}\n`);
  expect((await world.pass()).summary).toMatchObject({ confirmed: 1, sampled: 0 });
});

test("a directory outside of all roots is not looked at", async () => {
  await using world = await createWorld();
  await world.configure({ raw: { mode: "early", directories: [`${world.root}/landing`] } });
  await world.write("../../../../landing/a.csv", "id\n1\n");
  const { events } = await world.pass();
  expect(events).toContainEqual(
    expect.objectContaining({ type: "unlisted", message: expect.stringMatching(/allowedRoots/) }),
  );
  expect(world.rows()).toEqual([]);
});
