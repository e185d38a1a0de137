import { expect, test } from "vitest";
import { datasetsOf } from "../../src/store/sqlite/datasets.ts";
import { checkpointsOf } from "../../src/store/sqlite/checkpoints.ts";
import { closeCache, openCache } from "../../src/store/sqlite/open.ts";
import { backlogOf } from "../../src/store/sqlite/queries/backlog.ts";
import { createIngest, IngestStopped } from "../../src/sampling/ingest/ingest.ts";
import { createWorld, DATASET } from "../helpers/world.ts";
import { storeIn } from "../../src/store/sqlite/store.ts";

const LINES = 20_000;

test("ingest is left between two batches, and goes on there the next time", async () => {
  await using world = await createWorld();
  const lines = Array.from({ length: LINES }, (_, i) =>
    JSON.stringify({ raw: `raw/file-number-${i}.csv`, bronze: `bronze/${i}.csv`, mtime: i }),
  );
  await world.manifest(`${lines.join("\n")}\n`);
  const settings = world.settings();
  const { db } = openCache(settings.state);
  const ingest = createIngest({
    store: storeIn(db, closeCache).ingest,
    settings,
    onRejected: () => Promise.resolve(),
  });
  let looks = 0;

  const stopped = ingest(DATASET, 1000, { isStopping: () => (looks += 1) > 2 });
  await expect(stopped).rejects.toThrow(IngestStopped);
  const taken = backlogOf(db)(1000, () => true).entries;
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(LINES);
  expect(checkpointsOf(db).of(datasetsOf(db).ensure(DATASET))).toHaveLength(1);

  const { lines: rest } = await ingest(DATASET, 2000);
  expect(taken + rest).toBe(LINES);
  expect(backlogOf(db)(2000, () => true).entries).toBe(LINES);
  db.close();
});
