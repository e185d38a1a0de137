import { expect, test } from "vitest";
import { createIngest } from "../../src/ingest.ts";
import { createWorld, DATASET } from "../helpers/world.ts";

const HOUR_MS = 3_600_000;

test("what has to be seen twice is settled in time, also where the clock was set back in between", async () => {
  await using world = await createWorld();
  await world.manifest("no entry\n");
  const settings = world.settings();
  const ingest = createIngest({ db: world.db(), settings, onRejected: async () => undefined });
  const { settleMs } = settings.manifest;
  const first = Date.now();
  expect(await ingest(DATASET, first)).toMatchObject({ rejected: 0 });
  const setBack = first - HOUR_MS;
  expect(await ingest(DATASET, setBack)).toMatchObject({ rejected: 0 });
  expect(await ingest(DATASET, setBack + settleMs)).toMatchObject({ rejected: 1 });
});
