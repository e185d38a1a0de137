import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { command } from "../helpers/command.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";

const QUIET = { schedule: "0 0 29 2 *" };

let server: Postgres;

describe.skipIf(whyNoPostgres !== undefined)(
  `a database (${whyNoPostgres ?? "PostgreSQL"})`,
  () => {
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test("stands for the cache: every command says of it what it says of the cache", async () => {
      const url = await server.database();
      await using one = await createWorld();
      await using other = await createWorld({ database: url });
      for (const world of [one, other]) await fill(world);
      for (const args of commands) {
        const [expected, found] = [await command(one, ...args), await command(other, ...args)];
        const named = args.join(" ");
        expect({ named, ...comparable(other, found) }).toEqual({
          named,
          ...comparable(one, expected),
        });
      }
      expect(await other.samples()).toEqual(await one.samples());
      for (const name of await one.samples())
        expect(await other.sample(name)).toEqual(await one.sample(name));
      expect(await readdir(other.state)).not.toContain("cache.db");
    });

    test("takes over from a cache, and the cache from it: nothing is sampled again", async () => {
      await using world = await createWorld();
      await world.put("a.csv", rows(3));
      await world.put("b.csv", rows(20));
      const summaries = [];
      for (const config of [{}, { database: await server.database() }, {}]) {
        await world.configure(config);
        await rm(world.state, { recursive: true, force: true });
        const ran = await world.run(["run", "--once", "--json"]);
        const { sampled, failed, lines } = JSON.parse(ran.stdout) as Record<string, number>;
        summaries.push({ sampled, failed, lines });
        await world.put(`c${summaries.length}.csv`, rows(1));
      }
      expect(summaries).toEqual([
        { sampled: 2, failed: 0, lines: 2 },
        { sampled: 1, failed: 0, lines: 3 },
        { sampled: 1, failed: 0, lines: 4 },
      ]);
      expect(await world.receipts()).toHaveLength(4);
    });

    test("that is killed and comes back loses nothing, and the daemon goes on by itself", async () => {
      await using world = await createWorld({ ...QUIET, database: await server.database() });
      await world.put("a.csv", rows(3));
      const daemon = await world.daemon();
      await daemon.logged("sampled", { raw: "raw/a.csv" });
      await server.stop();
      await daemon.logged("passes wait", { reason: "the database does not answer" });
      await world.put("b.csv", rows(3));
      const status = await world.run(["status"]);
      expect(status.code).toBe(1);
      expect(status.stderr).toMatch(/CACHE_UNUSABLE: cannot use the database postgresql:/);
      await server.start();
      await daemon.logged("sampled", { raw: "raw/b.csv" });
      await daemon.logged("passes go on");
      daemon.kill("SIGTERM");
      expect(await daemon.exited()).toBe(0);
      expect(await world.receipts()).toHaveLength(2);
    });

    test("keeps raws of 2,000 bytes, and rejects the lines of longer ones", async () => {
      await using world = await createWorld({ database: await server.database() });
      await world.put("a.csv", rows(3), { raw: `raw/${"ä/".repeat(665)}x` });
      await world.announce("a.csv", { raw: `raw/${"ä/".repeat(665)}xy` });
      await world.put("b.csv", rows(3));
      const ran = await world.run(["run", "--once", "--json"]);
      expect(JSON.parse(ran.stdout)).toMatchObject({ sampled: 2, rejected: 1 });
      expect(ran.stderr).toMatch(/line 2, .*raw has 2001 bytes: the database keeps 2000 at most/);
    });

    test("whose password is in its URL does not show it", async () => {
      const url = new URL(await server.database());
      url.password = "pw-of-ada";
      await using world = await createWorld({ ...QUIET, database: url.href });
      await world.put("a.csv", rows(3));
      const daemon = await world.daemon();
      await daemon.logged("sampled", { raw: "raw/a.csv" });
      const said = [];
      for (const args of [
        ["check"],
        ["status", "--json"],
        ["run", "--once"],
        ["explain", "raw/a.csv"],
      ])
        said.push(await world.run(args));
      daemon.kill("SIGTERM");
      await daemon.exited();
      await world.configure({ ...QUIET, database: url.href.replace(/\/lake_\d+/, "/nowhere") });
      const checked = await world.run(["check"]);
      expect(checked).toMatchObject({ code: 3 });
      expect(checked.stdout).toMatch(/nowhere.*createdb/);
      said.push(checked, await world.run(["status"]), await world.run(["run", "--once"]));
      expect(said.at(-1)?.stderr).toMatch(/nowhere.*createdb/);
      expect(JSON.stringify([said, daemon.lines, daemon.stderr()])).not.toContain("pw-of-ada");
    });
  },
);

const commands = [
  ["run", "--once"],
  ["run", "--once"],
  ["status", "--json"],
  ["list", "--json"],
  ["list", "--outcome", "failed", "--json"],
  ["failures", "--json"],
  ["explain", "raw/bad.parquet", "--json"],
  ["show", "raw/a.csv", "--json"],
  ["acknowledge", "--json"],
  ["retry", "--json"],
  ["run", "--once"],
  ["audit", "--json"],
  ["columns", "--json"],
  ["drift", "--json"],
  ["names", "raws", "a"],
  ["check", "--json"],
  ["prune", "--json"],
  ["forget", "raw/b.csv", "--samples", "--dataset", "acme/orders/v1"],
  ["list", "--json"],
  ["search", "row 2", "--json"],
];

/** Files of two datasets, one of which fails, and a line that is no entry. */
async function fill(world: World): Promise<void> {
  await world.put("a.csv", rows(3));
  await world.put("b.csv", rows(20));
  await world.put("bad.parquet", "no parquet");
  await world.put("c.jsonl", '{"a":1}\n', { dataset: "acme/returns/v1" });
  await world.manifest("no entry\n");
  await mkdir(join(world.prefix, "empty"), { recursive: true });
}

/** The result of a command, without what differs from run to run: times, paths, durations. */
function comparable(world: World, { code, stdout, stderr }: Awaited<ReturnType<typeof command>>) {
  const plain = (text: string) =>
    text
      .replaceAll(world.root, "ROOT")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .replaceAll(/"(ms|\w*Seconds|pid|lastMinute)": \d+(\.\d+)?/g, '"$1": 0')
      .replaceAll(/\d+(\.\d+)? ?(ms|s)\b/g, "0 s")
      .replaceAll(/\([\d,]+ files\/s\)/g, "(0 files/s)");
  const said = plain(stdout);
  return { code, stdout: /^[[{]/.test(said) ? JSON.parse(said) : said, stderr: plain(stderr) };
}
