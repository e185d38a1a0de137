import { expect, test } from "vitest";
import { Failure } from "../../src/errors.ts";
import { takeLock } from "../../src/store/sqlite/lock.ts";
import { servePages } from "../http/page-server.ts";
import { ask } from "../http/requests.ts";
import { runHere } from "../helpers/program.ts";
import { createWorld, DATASET, MTIME, rows, type World } from "../helpers/world.ts";

const full = () => Promise.reject(new Failure("OUTPUT_FULL", "no space left, make room"));

async function textOf(world: World, ...args: readonly string[]): Promise<string> {
  const { stdout } = await runHere([...args, "--config", world.config]);
  return stdout.toString();
}

/** The text of the page about everything. */
async function overview(world: World): Promise<string> {
  await using pages = await servePages(world.settings());
  return (await ask(pages.url, "/")).body;
}

test("why a dataset waits is told by commands and page alike, and no more once it does not", async () => {
  await using world = await createWorld();
  await world.announce("gone.csv");
  await world.pass();
  await world.put("a.csv", rows(3));
  await world.announce("gone.csv", { mtime: MTIME + 1 });
  await world.pass({ addReceipts: full });
  world.close();
  const lock = takeLock(world.state);
  const reason = "OUTPUT_FULL: no space left, make room";
  expect(await textOf(world, "status")).toMatch(
    `in trouble: 1 dataset waits: ${DATASET}: ${reason}; 2 files due`,
  );
  const report = JSON.parse(await textOf(world, "status", "--json")) as Record<string, unknown>;
  expect(report).toMatchObject({
    verdict: { word: "in trouble", why: expect.stringContaining(reason) },
    datasets: [{ dataset: DATASET, waitsFor: reason }],
  });
  expect(await textOf(world, "list", "--outcome", "waiting")).toMatch(
    /^waiting\tacme\/orders\/v1\traw\/a\.csv\twaits: OUTPUT_FULL: no space/m,
  );
  expect(await textOf(world, "explain", "raw/a.csv")).toMatch(
    /^ {2}state {5}waiting: due since .*; waits: OUTPUT_FULL: no space/m,
  );
  expect(await textOf(world, "failures")).toMatch(/next: now; waits: OUTPUT_FULL: no space/);
  const page = await overview(world);
  expect(page).toContain("in trouble");
  expect(page).toContain(reason);
  await lock.release();
  await world.pass();
  world.close();
  expect(await textOf(world, "status")).not.toContain("OUTPUT_FULL");
  expect(await overview(world)).not.toContain("OUTPUT_FULL");
});

test("what is due of a dataset that is switched off or left out says so", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass({ addReceipts: full });
  for (const [config, why, off] of [
    [
      { overrides: [{ datasets: DATASET, sample: { enabled: false } }] },
      "switched off: `sample.enabled` is false",
      "disabled",
    ],
    [
      { datasets: { exclude: [DATASET] } },
      "left out by `datasets` in the configuration",
      "excluded",
    ],
  ] as const) {
    await world.configure(config);
    expect(await textOf(world, "list")).toContain(`waits: ${why}`);
    expect(await textOf(world, "status")).toContain(`\t${off}\t`);
    expect(await textOf(world, "show", "raw/a.csv")).toContain(`; waits: ${why}`);
  }
});

test("an entry that is due while nothing runs says that", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(3));
  await world.pass({ addReceipts: full });
  await world.pass();
  await world.announce("a.csv", { mtime: MTIME + 1 });
  await world.pass({ run: () => Promise.resolve({ outcome: "aborted" }) });
  world.close();
  expect(await textOf(world, "explain", "raw/a.csv")).toMatch(
    /state {5}sampled .*; waiting: due again since .*; waits: nothing runs$/m,
  );
});
