import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StatusReport } from "../../src/inspect/status.ts";
import { takeLock } from "../../src/store/open.ts";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { objectOf, startObjects } from "../helpers/range-server.ts";
import { createWorld, MTIME, rows, type World } from "../helpers/world.ts";
import { createFleet, type Host } from "./fleet.ts";

let server: Postgres;

describe.skipIf(whyNoPostgres !== undefined)(
  `hosts of one database (${whyNoPostgres ?? "PostgreSQL"})`,
  () => {
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server[Symbol.asyncDispose]());

    test("share the work: each line is done once, and each of them tells of all", async () => {
      await using world = await createWorld();
      await using fleet = await createFleet(world, ["one", "two", "three"], {
        database: await server.database(),
      });
      const { hosts } = fleet;
      await Promise.all(hosts.map((host) => host.start()));
      await untilLanes(world, hosts, [20, 22, 22]);
      for (let i = 0; i < 60; i += 1) await world.put(`f${i}.csv`, rows(3));
      await untilSampled(world, hosts, 60);
      for (const host of hosts)
        expect(host.running().lines.some(({ msg }) => msg === "sampled")).toBe(true);
      const raws = (await world.receipts()).map(({ raw }) => raw);
      expect([raws.length, new Set(raws).size]).toEqual([60, 60]);
      const seen = await Promise.all(hosts.map((host) => statusOf(world, host)));
      for (const status of seen)
        expect(status?.hosts.map(pidOf)).toEqual(seen[0]?.hosts.map(pidOf));
      expect(seen[0]?.hosts.map(pidOf).toSorted()).toEqual(
        hosts.map((host) => host.running().pid).toSorted(),
      );
    });

    test("leave their work to the others, in good order or killed", async () => {
      await using world = await createWorld();
      await using fleet = await createFleet(world, ["one", "two", "three"], {
        database: await server.database(),
      });
      const [one, two, three] = fleet.hosts as [Host, Host, Host];
      for (const host of fleet.hosts) await host.start();
      await untilLanes(world, fleet.hosts, [20, 22, 22]);
      one.running().kill("SIGTERM");
      expect(await one.running().exited()).toBe(0);
      await untilLanes(world, [two, three], [32, 32]);
      two.running().kill("SIGKILL");
      await untilLanes(world, [three], [64]);
      for (let i = 0; i < 20; i += 1) await world.put(`f${i}.csv`, rows(3));
      await untilSampled(world, [three], 20);
      expect(await world.receipts()).toHaveLength(20);
      // The same host takes back at once what it had when it was killed.
      three.running().kill("SIGKILL");
      await three.running().exited();
      await three.start();
      expect((await statusOf(world, three))?.hosts).toMatchObject([{ lanes: 64 }]);
    });

    test("that are cut off publish nothing more, and work again when they are back", async () => {
      await using world = await createWorld();
      await using fleet = await createFleet(world, ["one", "two"], {
        database: await server.database(),
      });
      const [one, two] = fleet.hosts as [Host, Host];
      await one.start();
      await two.start();
      await untilLanes(world, fleet.hosts, [32, 32]);
      for (let i = 0; i < 20; i += 1) await world.put(`f${i}.csv`, rows(3));
      await untilSampled(world, [two], 20);
      one.proxy.cutOff();
      const before = one.running().lines.length;
      await one.running().logged("passes wait", { reason: "the database does not answer" });
      for (let i = 0; i < 20; i += 1) await world.put(`f${i}.csv`, rows(5), { mtime: MTIME + 1 });
      await until(async () => (await versions(world, MTIME + 1)) === 20);
      const status = await statusOf(world, two);
      const pid = one.running().pid;
      expect(status?.running?.pid).toBe(two.running().pid);
      for (const host of status?.hosts ?? [])
        expect(host).toMatchObject(host.pid === pid ? { lanes: 0, lastMinute: 0 } : { lanes: 64 });
      const since = one.running().lines.slice(before);
      expect(since.filter(({ msg }) => msg === "sampled")).toEqual([]);
      one.proxy.mend();
      await one.running().logged("passes go on");
      await untilLanes(world, fleet.hosts, [32, 32]);
    });

    test("that are cut off in the middle of a file leave nothing of it when they are back", async () => {
      const large = objectOf(Buffer.from(`a,b\n${`${"x".repeat(9000)},y\n`.repeat(100)}`));
      await using far = await startObjects({ ...large, answer: (n) => n > 0 });
      await using world = await createWorld();
      const url = far.url("far.csv").href;
      await using fleet = await createFleet(world, ["one"], {
        database: await server.database(),
        allowedRoots: [new URL(".", url).href],
      });
      const [one] = fleet.hosts as [Host];
      await one.start();
      await world.announce("far.csv", { bronze: url });
      await until(async () => (await world.samples()).some((name) => name.startsWith(".ss-")));
      one.proxy.cutOff();
      await until(async () => far.open() === 0);
      expect(await world.samples()).toEqual([expect.stringMatching(/^\.ss-/)]);
      far.serve(large);
      one.proxy.mend();
      await until(async () => (await world.samples()).includes("far_sample.csv"));
      expect(await world.samples()).toEqual(["far_sample.csv"]);
      expect(
        one.running().lines.some(({ files, msg }) => files === 1 && /temporary/.test(msg)),
      ).toBe(true);
    });

    test("whose clocks differ do what is due at once", async () => {
      await using world = await createWorld();
      await using fleet = await createFleet(world, ["one", "two"], {
        database: await server.database(),
      });
      const [one, two] = fleet.hosts as [Host, Host];
      const preload = pathToFileURL(join(import.meta.dirname, "../helpers/set-clock.ts")).href;
      await one.start({ NODE_OPTIONS: `--import=${preload}`, CLOCK_STEPS: "3600000" });
      await two.start();
      await untilLanes(world, fleet.hosts, [32, 32]);
      one.running().kill("SIGUSR2");
      await until(async () => {
        await world.put("clock.csv", rows(1), { mtime: (MTIME + Date.now()) / 1000 });
        await sleep(1000);
        return one.running().lines.some(({ msg }) => msg.startsWith("clock differs"));
      });
      for (let i = 0; i < 40; i += 1) await world.put(`f${i}.csv`, rows(3));
      await untilSampled(world, [two], 41);
    });

    test("mask what is to be masked, whoever samples it", async () => {
      await using world = await createWorld();
      const key = join(world.root, "key");
      await writeFile(key, Buffer.alloc(32, 1), { mode: 0o400 });
      const mask = { key, columns: [{ match: ["name"], with: "token", domain: "person" }] };
      const config = { database: await server.database(), mask };
      await using fleet = await createFleet(world, ["one", "two"], config);
      await Promise.all(fleet.hosts.map((host) => host.start()));
      await untilLanes(world, fleet.hosts, [32, 32]);
      for (let i = 0; i < 30; i += 1) await world.put(`f${i}.csv`, rows(3));
      await untilSampled(world, fleet.hosts, 30);
      const samples = await world.samples();
      expect(samples).toHaveLength(30);
      for (const name of samples) expect(String(await world.sample(name))).not.toContain("row");
      for (const host of fleet.hosts)
        expect(host.running().lines.some(({ msg }) => msg === "sampled")).toBe(true);
    });

    test("ask for objects with what is secret in their URLs, whoever read the line", async () => {
      await using objects = await startObjects(objectOf(Buffer.from(rows(5))));
      await using world = await createWorld();
      const config = {
        database: await server.database(),
        allowedRoots: [new URL(".", objects.url("x")).href],
      };
      await using fleet = await createFleet(world, ["one", "two"], config);
      for (const host of fleet.hosts) await host.start();
      await untilLanes(world, fleet.hosts, [32, 32]);
      for (let i = 0; i < 20; i += 1)
        await world.announce(`f${i}.csv`, { bronze: objects.url(`f${i}.csv`).href });
      await untilSampled(world, fleet.hosts, 20);
      for (const host of fleet.hosts)
        expect(host.running().lines.some(({ msg }) => msg === "sampled")).toBe(true);
    });

    test("stand by while one works alone, and are refused to it while they work", async () => {
      await using world = await createWorld();
      await using fleet = await createFleet(world, ["one"], { database: await server.database() });
      const [one] = fleet.hosts as [Host];
      const place = JSON.parse(one.settings) as { state: string; database: string };
      const lock = await takeLock({ ...place, state: join(world.root, "alone") });
      const ended = await world.run(["run", "--config", one.config], {
        onStart: (child) =>
          void child.stdout?.on("data", (said: Buffer) => {
            if (said.toString().includes("standing by")) child.kill("SIGTERM");
          }),
      });
      expect(ended).toMatchObject({ code: null, stderr: "" });
      const starting = one.start();
      await sleep(500);
      await lock.release();
      await starting;
      await world.configure({ ...place, state: join(world.root, "another") });
      for (const command of [["run", "--once"], ["prune"]]) {
        const refused = await world.run(command);
        expect(refused.stderr).toMatch(new RegExp(`ALREADY_RUNNING: .*pid ${one.running().pid} `));
      }
    });
  },
);

function pidOf({ pid }: { readonly pid: number }): number {
  return pid;
}

async function statusOf(world: World, host: Host): Promise<StatusReport | undefined> {
  const { code, stdout } = await world.run(["status", "--json", "--config", host.config]);
  return code === 0 ? (JSON.parse(stdout) as StatusReport) : undefined;
}

/** Waits as long as a test may take. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(200);
}

/** Waits until hosts have so many lanes, the fewest first. */
function untilLanes(
  world: World,
  hosts: readonly Host[],
  expected: readonly number[],
): Promise<void> {
  return until(async () => {
    const status = await statusOf(world, hosts[0] as Host);
    const lanes = status?.hosts.map((host) => host.lanes) ?? [];
    return lanes.toSorted((a, b) => a - b).join() === expected.join();
  });
}

function untilSampled(world: World, hosts: readonly Host[], expected: number): Promise<void> {
  return until(async () => {
    const status = await statusOf(world, hosts[0] as Host);
    return status?.totals.sampled === expected && status.totals.waiting === 0;
  });
}

/** The number of receipts for samples of a version. */
async function versions(world: World, mtime: number): Promise<number> {
  const all = await world.receipts();
  return all.filter((each) => each["mtime"] === mtime && each["outcome"] === "sampled").length;
}
