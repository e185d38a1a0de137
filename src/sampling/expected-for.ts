import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { foldsCase } from "../lake/folds-case.ts";
import type { Batch } from "../store/ingest-store.ts";
import { expectedNames } from "./job/sample-names.ts";

/** Makes the function that gives the names that samples of a dataset's raws may have. */
export function expectedForIn(settings: Settings, dataset: string): Batch["expectedFor"] {
  const options = settings.forDataset(dataset);
  const names = { ...options, foldsCase: foldsCase(join(settings.prefix, dataset)) };
  return (raw) => expectedNames(raw, names);
}
