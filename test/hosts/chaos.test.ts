import { rename } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Postgres, startPostgres, whyNoPostgres } from "../helpers/postgres.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { createFleet, type Host } from "./fleet.ts";
import { receiptsOf, reference, samplesOf } from "./made.ts";

/** `npm run hosts` plays longer. */
const RUNS = Number(process.env["HOSTS_RUNS"] ?? 1);
const SECONDS = Number(process.env["HOSTS_SECONDS"] ?? 12);
const SEED = Number(process.env["HOSTS_SEED"] ?? 1);
const DATASETS = ["acme/orders/v1", "acme/returns/v1", "beta/visits/v2"];
const FILES = 100;
/** Time between two blows, ms. */
const BLOW_MS = 2000;

let server: Postgres;

beforeAll(async () => {
  if (whyNoPostgres === undefined) server = await startPostgres();
});
afterAll(() => server?.[Symbol.asyncDispose]());

test.skipIf(whyNoPostgres !== undefined).each(Array.from({ length: RUNS }, (_, i) => SEED + i))(
  "hosts that are killed, stopped and cut off, on a database that is killed, make every sample (%i)",
  async (seed) => {
    const random = randomFrom(seed);
    await using world = await createWorld();
    const database = await server.database(`chaos_${seed}`);
    await using fleet = await createFleet(world, ["one", "two", "three"], { database });
    const { hosts } = fleet;
    const producer = createProducer(world, random);
    await producer.append(FILES * DATASETS.length);
    await Promise.all(hosts.map((host) => host.start()));

    const end = Date.now() + SECONDS * 1000;
    const blows: string[] = [];
    let nextBlow = Date.now() + BLOW_MS;
    const killsOfServer = [0.3, 0.65].map((part) => Date.now() + part * SECONDS * 1000);
    while (Date.now() < end) {
      await producer.append(20);
      await sleep(100);
      if (Date.now() > (killsOfServer[0] ?? Infinity)) {
        killsOfServer.shift();
        blows.push("database killed");
        await server.stop();
        await sleep(1000);
        await server.start();
      }
      if (Date.now() < nextBlow) continue;
      nextBlow = Date.now() + BLOW_MS;
      const host = hosts[random(hosts.length)] as Host;
      blows.push(await strike(host, random(4)));
    }
    for (const host of hosts) await bringBack(host);
    await untilDone(world, hosts);

    const made = await samplesOf(world, DATASETS);
    const receipts = await receiptsOf(world, DATASETS);
    const twice = receipts.length - new Set(receipts).size;
    const expected = await reference(world, DATASETS);
    const differ = [...expected].filter(([name, bytes]) => made.get(name) !== bytes);
    console.log(
      `seed ${seed}: ${producer.lines()} lines, ${expected.size} samples, ${differ.length} differ or are missing, ` +
        `${receipts.length} made, ${twice} twice; ${blows.join(", ")}`,
    );
    expect(differ.map(([name]) => name)).toEqual([]);
    expect([...made.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
  },
  600_000,
);

/** The same numbers each time: the generator of POSIX's rand(3). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 16) % below;
  };
}

/** What production does: it puts whole files into bronze, and appends their lines. */
function createProducer(world: World, random: (below: number) => number) {
  const versions = new Map<string, number>();
  let lines = 0;
  return {
    lines: () => lines,
    async append(count: number) {
      for (let i = 0; i < count; i += 1) {
        const dataset = DATASETS[random(DATASETS.length)] as string;
        const name = `f${random(FILES)}.csv`;
        const version = (versions.get(`${dataset}/${name}`) ?? 0) + 1;
        versions.set(`${dataset}/${name}`, version);
        await world.write(`bronze/.${name}.part`, rows(version), dataset);
        await rename(
          world.path(`bronze/.${name}.part`, dataset),
          world.path(`bronze/${name}`, dataset),
        );
        await world.announce(name, { dataset, mtime: version });
        lines += 1;
      }
    },
  };
}

async function strike(host: Host, kind: number): Promise<string> {
  const daemon = host.daemon();
  if (kind === 0 && daemon !== undefined) {
    daemon.kill("SIGKILL");
    return "killed";
  }
  if (kind === 1 && daemon !== undefined) {
    daemon.kill("SIGSTOP");
    return "stopped";
  }
  if (kind === 2) {
    host.proxy.cutOff();
    return "cut off";
  }
  await bringBack(host);
  return "back";
}

async function bringBack(host: Host): Promise<void> {
  host.proxy.mend();
  host.daemon()?.kill("SIGCONT");
  await host.start();
}

/** Waits until everything is read and done, also by those that were stopped for long. */
async function untilDone(world: World, hosts: readonly Host[]): Promise<void> {
  const [first] = hosts as [Host];
  for (let quiet = 0; quiet < 3;) {
    await Promise.all(hosts.map((host) => host.start()));
    await sleep(1000);
    const { stdout } = await world.run(["status", "--json", "--config", first.config]);
    const { totals } = JSON.parse(stdout === "" ? "{}" : stdout) as {
      totals?: { waiting: number; unreadBytes: number };
    };
    const isDone = totals?.waiting === 0 && totals.unreadBytes === 0;
    quiet = isDone ? quiet + 1 : 0;
  }
}
