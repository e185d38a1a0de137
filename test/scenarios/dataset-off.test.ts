import { expect, test } from "vitest";
import { backlogOf } from "../../src/store/sqlite/queries/backlog.ts";
import { createIngest } from "../../src/sampling/ingest/ingest.ts";
import { metricsText } from "../../src/http/metrics/text.ts";
import { statusOf } from "../../src/inspect/status.ts";
import { idleDaemon } from "../helpers/daemon-state.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

/** Every minute of a leap year's 29 February: in effect, never. */
const NEVER = "0 0 29 2 *";
const SECRETS = "acme/people/v1";

const ways = {
  excluded: { datasets: { exclude: ["acme/people/*"] } },
  disabled: { overrides: [{ datasets: "acme/people/*", sample: { enabled: false } }] },
} as const;

/** A lake with a file that is due in each of two datasets, and a line that nobody has read yet. */
async function withPending(): Promise<World> {
  const world = await createWorld();
  for (const dataset of [DATASET, SECRETS]) {
    await world.put("people.csv", "ssn\n1\n", { dataset });
    const settings = world.settings();
    const onRejected = () => Promise.resolve();
    await createIngest({ store: world.store().ingest, settings, onRejected })(dataset, MTIME);
    await world.put("more.csv", "ssn\n2\n", { dataset });
  }
  return world;
}

async function metricsOf(world: World): Promise<string> {
  const report = await statusOf(world.store(), world.settings(), Date.now());
  const daemon = idleDaemon(MTIME);
  return metricsText({ daemon, isHealthy: true, place: world, report });
}

test.each(Object.entries(ways))(
  "what is %s is sampled no more, though it is due, and comes when it is on again",
  async (_way, config) => {
    await using world = await withPending();
    await world.configure(config);
    expect((await world.pass()).summary).toMatchObject({ sampled: 2 });
    expect(await world.samples(SECRETS)).toEqual([]);
    expect(await world.samples(DATASET)).toHaveLength(2);
    await world.configure({});
    expect((await world.pass()).summary).toMatchObject({ sampled: 2 });
    expect(await world.samples(SECRETS)).toHaveLength(2);
  },
);

test.each(Object.entries(ways))("what is %s looks behind nowhere", async (off, config) => {
  await using world = await withPending();
  await world.configure(config);
  await world.pass();
  const { totals, datasets } = await statusOf(world.store(), world.settings(), Date.now());
  const nothing = { waiting: 0, due: 0, oldestDueSeconds: null };
  expect(totals).toMatchObject({ ...nothing, unreadBytes: 0 });
  expect(datasets).toMatchObject([
    { dataset: DATASET, ...nothing, unreadBytes: 0, off: null },
    { dataset: SECRETS, ...nothing, unreadBytes: null, off },
  ]);
  const isSampled = (dataset: string) => world.settings().offReason(dataset) === undefined;
  expect(backlogOf(world.db())(Date.now(), isSampled)).toEqual({ entries: 0, oldestDueAt: null });
  const metrics = await metricsOf(world);
  for (const name of ["backlog_files", "waiting_files", "lag_seconds"]) {
    expect(metrics).toContain(`staging_sampler_${name}{dataset="${SECRETS}"} 0\n`);
  }
  expect(metrics).not.toContain(`staging_sampler_unread_manifest_bytes{dataset="${SECRETS}"}`);
  const { stdout } = await world.run(["status"]);
  expect(stdout).toContain("nothing is due");
  expect(stdout).toMatch(new RegExp(`${SECRETS}.*${off}`));
});

test("a daemon that reads its settings again leaves what is excluded, though a retry asks for it", async () => {
  await using world = await createWorld({ schedule: NEVER });
  await world.write("bronze/other.csv", rows(3), SECRETS);
  await world.announce("people.csv", { dataset: SECRETS });
  const daemon = await world.daemon();
  await daemon.logged("failed", { dataset: SECRETS, code: "FILE_MISSING" });
  await world.configure({ schedule: NEVER, ...ways.excluded });
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  await world.write("bronze/people.csv", "ssn\n1\n", SECRETS);
  expect((await world.run(["retry", "--json"])).code).toBe(0);
  await world.put("b.csv", rows(3), { dataset: SECRETS });
  for (const raw of ["a.csv", "b.csv"]) {
    await world.put(raw, rows(3));
    await daemon.logged("sampled", { dataset: DATASET, raw: `raw/${raw}` });
  }
  expect(await world.samples(SECRETS)).toEqual([]);
});
