import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { objectOf, startObjects } from "../helpers/range-server.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";

describe.skipIf(whyNoPostgres !== undefined)(`migrate (${whyNoPostgres ?? "PostgreSQL"})`, () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("takes a lake to a database and back: nothing is sampled again, nothing forgotten", async () => {
    await using objects = await startObjects(objectOf(Buffer.from(rows(5))));
    const config = { allowedRoots: [new URL(".", objects.url("x")).href], drain: { threads: 1 } };
    await using world = await createWorld(config);
    for (let i = 0; i < 12; i += 1) await world.put(`f${i}.csv`, rows(i));
    await world.put("broken.zip", "no zip");
    await world.manifest("no line\n");
    // Its query is sealed, and it is tried again.
    await world.announce("later.csv", { bronze: objects.url("later.csv").href });
    objects.serve(objectOf(Buffer.alloc(0), { answer: (_, __, response) => busy(response) }));
    expect((await world.run(["run", "--once"])).code).toBe(3);
    await ran(world, ["acknowledge", "raw/broken.zip"]);
    const before = await listed(world);
    expect(before).toHaveLength(14);
    const receipts = await world.receipts();

    const database = await server.database();
    const there = await ran(world, ["migrate", "--to", database, "--json"]);
    expect(JSON.parse(there)).toEqual({
      from: join(world.state, "cache.db"),
      to: database,
      entries: 14,
      rows: expect.any(Number) as number,
      keptAs: expect.stringContaining(`${join(world.state, "cache.db")}.migrated-`) as string,
    });
    await world.configure({ ...config, database });
    expect(await listed(world)).toEqual(before);
    objects.serve(objectOf(Buffer.from(rows(5))));
    await world.put("f1.csv", rows(7), { mtime: MTIME + 1 });
    await ran(world, ["retry"]);
    expect(await passed(world)).toMatchObject({ lines: 1, sampled: 2, failed: 1 });

    await world.configure(config);
    const back = await ran(world, ["migrate", "--from", database]);
    expect(back).toMatch(/: 14 entries, \d+ rows in all; counts and checksums agree\n.*then start/);
    expect(await passed(world)).toMatchObject({ lines: 0, sampled: 0, failed: 0 });
    const after = await world.receipts();
    expect(after.length - receipts.length).toBe(3);
  });

  test("says what is wrong with its arguments, and never a password", async () => {
    await using world = await createWorld();
    for (const args of [[], ["--to", "http://u:secret@x/y"], ["--from", "postgres://"]]) {
      const refused = await world.run(["migrate", ...args]);
      expect([refused.code, refused.stderr]).toEqual([
        2,
        expect.stringMatching(/USAGE: (say where|a database is named)/),
      ]);
      expect(refused.stderr).not.toContain("secret");
    }
    const url = "postgresql://sampler:secret@x/y";
    for (const args of [
      [url],
      [`--too=${url}`],
      [`--json=${url}`],
      ["--to", "postgresql://u:1/secret@x/y"],
    ]) {
      const refused = await world.run(["migrate", ...args]);
      expect([args, refused.code, refused.stderr]).toEqual([args, 2, expect.any(String)]);
      expect(refused.stderr).not.toContain("secret");
    }
    const away = ["migrate", "--from", "postgresql://u:secret@127.0.0.1:1/y"];
    const failed = await world.run(away);
    expect(failed.stderr).toMatch(/CACHE_UNUSABLE: .*postgresql:\/\/u@127.0.0.1:1\/y/);
    expect(failed.stderr).not.toContain("secret");
  });
});

function busy(response: ServerResponse): boolean {
  response.writeHead(503).end();
  return true;
}

async function ran(world: World, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await world.run(args);
  expect([args, code, stderr]).toEqual([args, 0, expect.any(String)]);
  return stdout;
}

async function listed(world: World): Promise<readonly unknown[]> {
  return JSON.parse(await ran(world, ["list", "--json"])) as unknown[];
}

async function passed(world: World): Promise<unknown> {
  return JSON.parse((await world.run(["run", "--once", "--json"])).stdout);
}
