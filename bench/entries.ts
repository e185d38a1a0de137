import type { Store } from "../src/store/store.ts";

/** The dataset that they are in. */
export const DATASET = "acme/orders/v1";
/** Lines that are taken in together. */
const BATCH = 1000;

/** Has a store know of so many entries of a dataset that are due; by default without files. */
export async function announceEntries(
  store: Store,
  count: number,
  bronzeOf: (name: string) => string = (name) => `bronze/${name}`,
): Promise<void> {
  await store.ingest.know(DATASET);
  for (let at = 0; at < count; at += BATCH) {
    const entries = Array.from({ length: BATCH }, (_, i) => nameOf(at + i));
    await store.ingest.accept(
      {
        dataset: DATASET,
        entries: entries.map((name) => ({
          raw: `raw/${name}`,
          bronze: bronzeOf(name),
          mtime: 1,
        })),
        rejected: [],
        checkpoints: [],
        expectedFor: (raw) => ({
          names: { plain: raw.slice(4), ifTaken: () => `other/${raw}` },
          extension: null,
        }),
      },
      Date.now(),
    );
  }
}

/** As paths are that are some sixty bytes long. */
function nameOf(i: number): string {
  return `2026/12/01/orders-of-the-day/part-${String(i).padStart(9, "0")}.csv.gz`;
}
