import { storeIn } from "../src/store/sqlite/store.ts";
import { join } from "node:path";
import { closeCache, openCache } from "../src/store/sqlite/open.ts";
import { loadConfig } from "../src/config/load.ts";
import { createIngest } from "../src/sampling/ingest/ingest.ts";

/** Bytes of the samples that are claimed. */
const SAMPLE_BYTES = 5210;
const SOURCE_BYTES = 1_099_511_627_776;

/**
 * Takes in what the manifests of these datasets say, and marks all of it as sampled long ago,
 * without files or samples: a cache as years of work would leave it, in seconds.
 */
export async function fillCache(prefix: string, datasets: readonly string[]): Promise<void> {
  const settings = loadConfig({ prefix, config: join(prefix, "config.yaml"), env: {} });
  const { db } = openCache(settings.state);
  try {
    const ingest = createIngest({
      store: storeIn(db, closeCache).ingest,
      settings,
      onRejected: () => Promise.resolve(),
    });
    for (const dataset of datasets) await ingest(dataset, Date.now());
    db.prepare(
      `UPDATE files SET outcome = 'sampled', done_mtime = mtime, next_at = NULL, settled_at = 1,
         sampled_at = 1, sample = name, format = 'csv', rows = 100, bytes = ${SAMPLE_BYTES},
         source_size = ${SOURCE_BYTES}
       WHERE next_at IS NOT NULL`,
    ).run();
  } finally {
    closeCache(db);
  }
}
