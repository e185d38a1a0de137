import { mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createRunJob } from "../../src/sampling/job/run-job.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

const EARLY = { raw: { mode: "early" } };

/** Moves a raw file to bronze, and appends its line, as production does. */
async function move(world: World, name: string, mtime?: number): Promise<void> {
  const raw = `raw/${name}`;
  const { mtimeMs } = await stat(world.path(raw));
  const bronze = `bronze/1--${name.replaceAll("/", "-")}`;
  await rename(world.path(raw), world.path(bronze));
  await world.announce(name, { bronze, mtime: mtime ?? mtimeMs / 1000 });
}

test("a raw file is sampled before its line, and the line confirms it without a second read", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/env0/a.csv", rows(200));
  const early = await world.pass();
  expect(early.outcomes).toEqual({ "raw/env0/a.csv": "sampled" });
  const sample = await world.sample("a_sample.csv");
  expect(String(sample)).toBe(rows(100));
  expect(world.row("raw/env0/a.csv")).toMatchObject({
    from: "raw",
    confirmed: false,
    goneAt: null,
  });
  const { mtimeMs, ino } = await stat(world.path("raw/env0/a.csv"));

  await move(world, "env0/a.csv");
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ lines: 1, sampled: 0, failed: 0, confirmed: 1, readBytes: 0 });
  expect(await world.sample("a_sample.csv")).toEqual(sample);
  expect(world.row("raw/env0/a.csv")).toMatchObject({
    bronze: "bronze/1--env0-a.csv",
    outcome: "sampled",
    waiting: false,
    stale: false,
    from: "raw",
    confirmed: true,
  });
  const [first, second, ...more] = await world.receipts();
  expect(first).toMatchObject({ bronze: "raw/env0/a.csv", from: "raw", inode: String(ino) });
  expect(Number(first?.["mtime"])).toBeCloseTo(mtimeMs / 1000, 3);
  expect(first).not.toHaveProperty("confirmed");
  expect(second).toMatchObject({
    bronze: "bronze/1--env0-a.csv",
    outcome: "sampled",
    sample: "samples/a_sample.csv",
    from: "raw",
    confirmed: true,
    rows: 100,
    readBytes: 0,
  });
  expect(more).toEqual([]);
  expect((await world.pass()).summary).toMatchObject({ lines: 0, sampled: 0, confirmed: 0 });
});

test("what is being written under another name is left alone until it has its own", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/temp_a.csv", "id\n");
  await world.write("raw/_temporary/0/b.csv", "id\n1\n");
  expect((await world.pass()).outcomes).toEqual({});
  await world.write("raw/temp_a.csv", "id\n1\n2\n");
  await rename(world.path("raw/temp_a.csv"), world.path("raw/a.csv"));
  expect((await world.pass()).outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(String(await world.sample("a_sample.csv"))).toBe("id\n1\n2\n");
});

test.each([
  ["another size", "id\n1\n2\n", (mtime: number) => mtime],
  ["another mtime", "id\n7\n", (mtime: number) => mtime + 10],
])(
  "a bronze file of %s is sampled, and takes the place of the raw file's",
  async (_, text, other) => {
    await using world = await createWorld(EARLY);
    await world.write("raw/a.csv", "id\n1\n");
    await world.pass();
    const { mtimeMs } = await stat(world.path("raw/a.csv"));
    await rm(world.path("raw/a.csv"));
    await world.put("a.csv", text, { mtime: other(mtimeMs / 1000) });
    const { summary } = await world.pass();
    expect(summary).toMatchObject({ sampled: 1, confirmed: 0 });
    expect(String(await world.sample("a_sample.csv"))).toBe(text);
    expect(await world.samples()).toEqual(["a_sample.csv"]);
    expect(world.row("raw/a.csv")).toMatchObject({ from: "bronze", confirmed: true });
  },
);

test("a line in whole seconds confirms as well; a sample that is not there any more is made again", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/a.csv", "id\n1\n");
  await world.write("raw/b.csv", "id\n2\n");
  await world.pass();
  for (const name of ["a.csv", "b.csv"]) {
    const { mtimeMs } = await stat(world.path(`raw/${name}`));
    await move(world, name, Math.floor(mtimeMs / 1000));
  }
  await rm(world.path("samples/b_sample.csv"));
  expect((await world.pass()).summary).toMatchObject({ confirmed: 1, sampled: 1 });
  expect(await world.samples()).toEqual(["a_sample.csv", "b_sample.csv"]);
  expect((await world.run(["audit"])).code).toBe(0);
});

test("a raw file that a line has named is not looked into, unless it is a newer version", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/a.csv", "id\n1\n");
  const { mtimeMs } = await stat(world.path("raw/a.csv"));
  await world.put("a.csv", "id\n1\n", { mtime: mtimeMs / 1000 });
  const { outcomes, summary } = await world.pass();
  expect(outcomes).toEqual({ "raw/a.csv": "sampled" });
  expect(summary.sampled).toBe(1);
  expect(world.row("raw/a.csv")).toMatchObject({ from: "bronze", confirmed: true });

  await rm(world.path("raw/a.csv"));
  await world.pass();
  await world.write("raw/a.csv", "id\n2\n3\n");
  await utimes(world.path("raw/a.csv"), mtimeMs / 1000 + 60, mtimeMs / 1000 + 60);
  await world.pass();
  expect(String(await world.sample("a_sample.csv"))).toBe("id\n2\n3\n");
  expect(world.row("raw/a.csv")).toMatchObject({ from: "raw", confirmed: false });
});

test("a file that is moved between look and opening is no failure: its line brings it", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/a.csv", "id\n1\n");
  const real = createRunJob(world.settings());
  let isFirst = true;
  const moved = await world.pass({
    async run(job, signal) {
      if (isFirst) await move(world, "a.csv");
      isFirst = false;
      return real(job, signal);
    },
  });
  expect(moved.summary).toMatchObject({ failed: 0, sampled: 0, moved: 1 });
  expect(await world.receipts()).toEqual([]);
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: null, waiting: false, code: null });
  const ran = await world.run(["list"]);
  expect(ran.stdout).toMatch(/^moved\t/);
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ lines: 1, sampled: 1, failed: 0 });
  expect(String(await world.sample("a_sample.csv"))).toBe("id\n1\n");
  expect(world.row("raw/a.csv")).toMatchObject({ from: "bronze", confirmed: true });
});

test("a raw directory that is not mounted is no sign that its files were moved", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/a.csv", "id\n1\n");
  await world.write("raw/b.csv", "id\n1\n");
  await world.manifest("");
  const real = createRunJob(world.settings());
  const away = await world.pass({
    async run(job, signal) {
      await rename(world.path("raw"), world.path("elsewhere")).catch(() => undefined);
      return real(job, signal);
    },
  });
  expect(away.summary).toMatchObject({ moved: 0, failed: 0, sampled: 0 });
  expect(away.outcomes["acme/orders/v1"]).toBe("paused: FILE_MISSING");
  const still = await world.pass();
  expect(still.events).toContainEqual(
    expect.objectContaining({ type: "unlisted", code: "RAW_UNREADABLE" }),
  );
  expect(world.rows().map(({ goneAt }) => goneAt)).toEqual([null, null]);
  await rename(world.path("elsewhere"), world.path("raw"));
  expect((await world.pass()).summary).toMatchObject({ sampled: 2, errors: 0 });
});

test("a file that is written to while it is read waits, and fails only at the third time", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/a.csv", "id\n1\n");
  const real = createRunJob(world.settings());
  const due = () => world.db().prepare("UPDATE files SET next_at = 0 WHERE next_at > 0").run();
  const grow = () =>
    world.pass({
      async run(job, signal) {
        const outcome = real(job, signal);
        await writeFile(world.path("raw/a.csv"), "id\n1\n2", { flag: "a" });
        return outcome;
      },
    });
  // Whether the change is seen depends on when it comes: here a job always tells of one.
  const changed = { outcome: "failed", code: "FILE_CHANGED", message: "changed" } as const;
  const run = async () => ({ ...changed, readBytes: 0, ms: 1 });
  for (const attempts of [1, 2]) {
    const { summary } = await world.pass({ run });
    expect(summary).toMatchObject({ failed: 0, sampled: 0 });
    expect(world.row("raw/a.csv")).toMatchObject({ outcome: null, waiting: true, attempts });
    expect(await world.receipts()).toEqual([]);
    due();
  }
  expect((await world.pass({ run })).summary.failed).toBe(1);
  expect(await world.receipts()).toMatchObject([{ outcome: "failed", code: "FILE_CHANGED" }]);
  due();
  await grow();
  due();
  expect((await world.pass()).summary.failed).toBe(0);
  expect(world.row("raw/a.csv")).toMatchObject({ outcome: "sampled", from: "raw" });
});

test("links are not followed, neither to files nor to directories, nor to raw itself", async () => {
  await using world = await createWorld(EARLY);
  await world.write("elsewhere/a.csv", "id\n1\n");
  await mkdir(world.path("raw"));
  await symlink(world.path("elsewhere"), world.path("raw/linked"));
  await symlink(world.path("elsewhere/a.csv"), world.path("raw/b.csv"));
  expect((await world.pass()).summary).toMatchObject({ sampled: 0, errors: 0 });
  await rename(world.path("raw"), world.path("other"));
  await symlink(world.path("elsewhere"), world.path("raw"));
  const { events } = await world.pass();
  expect(events).toContainEqual(
    expect.objectContaining({ type: "unlisted", message: expect.stringMatching(/link/) }),
  );
  expect(world.rows()).toEqual([]);
  const checked = await world.run(["check"]);
  expect(checked.stdout).toMatch(/links are not followed/);
});

test("a file that becomes a link after it was found is not opened", async () => {
  await using world = await createWorld(EARLY);
  await world.write("bronze/secret.csv", "secret\n1\n");
  await world.write("raw/a.csv", "id\n1\n");
  const real = createRunJob(world.settings());
  const { summary } = await world.pass({
    async run(job, signal) {
      await rm(world.path("raw/a.csv"));
      await symlink(world.path("bronze/secret.csv"), world.path("raw/a.csv"));
      return real(job, signal);
    },
  });
  expect(summary).toMatchObject({ sampled: 0 });
  expect(await world.samples()).toEqual([]);
});

test("names with line feeds, of bytes that are no UTF-8, and hard links", async () => {
  await using world = await createWorld(EARLY);
  const odd = "raw/a\nb.csv";
  const bytes = "raw/caf\udce9.csv";
  await world.write(odd, "id\n1\n");
  await world.write(bytes, "id\n2\n");
  await world.write("raw/ä😀.csv", "id\n3\n");
  expect((await world.pass()).outcomes).toEqual({
    [odd]: "sampled",
    [bytes]: "sampled",
    "raw/ä😀.csv": "sampled",
  });
  expect((await world.pass()).summary.sampled).toBe(0);
});

test("production is not touched, and nothing is sampled twice in a directory that others come to", async () => {
  await using world = await createWorld(EARLY);
  for (let i = 0; i < 20; i += 1) await world.write(`raw/env${i % 3}/${i}.csv`, `id\n${i}\n`);
  const before = await world.snapshot(world.path("raw"));
  expect((await world.pass()).summary.sampled).toBe(20);
  await world.write("raw/env1/more.csv", "id\n1\n");
  expect((await world.pass()).summary.sampled).toBe(1);
  const after = await world.snapshot(world.path("raw"));
  for (const [name, seen] of before)
    if (name.endsWith(".csv")) expect(after.get(name)).toEqual(seen);
  expect(await readdir(world.path("raw"))).toEqual(["env0", "env1", "env2"]);
});

test("the cache is lost: nothing that was sampled is sampled again, confirmed or not", async () => {
  await using world = await createWorld(EARLY);
  for (const name of ["a.csv", "b.csv"]) await world.write(`raw/${name}`, "id\n1\n");
  await world.pass();
  await move(world, "a.csv");
  await world.pass();
  world.close();
  await rm(world.state, { recursive: true });
  const { summary } = await world.pass();
  expect(summary).toMatchObject({ sampled: 0, confirmed: 0, unchanged: 1 });
  expect(world.row("raw/a.csv")).toMatchObject({ from: "raw", confirmed: true });
  expect(world.row("raw/b.csv")).toMatchObject({ from: "raw", confirmed: false });
  await move(world, "b.csv");
  expect((await world.pass()).summary).toMatchObject({ sampled: 0, confirmed: 1 });
});

test("audit misses the line of a raw file that is gone, after a while", async () => {
  await using world = await createWorld(EARLY);
  await world.write("raw/a.csv", "id\n1\n");
  await world.pass();
  await rm(world.path("raw/a.csv"));
  await world.pass();
  expect(world.row("raw/a.csv")?.goneAt).not.toBeNull();
  const soon = await world.run(["audit", "--json"]);
  expect(soon.code).toBe(0);
  expect(JSON.parse(soon.stdout)).toMatchObject([{ counts: { ok: 1, moved: 0 } }]);
  await world.configure({ raw: { mode: "early", expectSeconds: 0.001 } });
  const late = await world.run(["audit", "--json"]);
  expect(late.code).toBe(3);
  expect(JSON.parse(late.stdout)).toMatchObject([
    { counts: { ok: 0, moved: 1 }, findings: [{ kind: "moved", raw: "raw/a.csv" }] },
  ]);
  // It comes back as it was.
  await world.put("a.csv", "id\n1\n");
  await world.pass();
  expect((await world.run(["audit"])).code).toBe(0);
});

test("off costs nothing: no thread, no look, no row", async () => {
  await using world = await createWorld();
  await world.write("raw/a.csv", "id\n1\n");
  const { events } = await world.pass();
  expect(events.filter(({ type }) => type === "looked")).toEqual([]);
  expect(world.rows()).toEqual([]);
});
