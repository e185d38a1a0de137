import type { ListedEntry } from "../../src/store/rows.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { type Dataset, mustFail, type Version } from "./lake.ts";
import { sampler } from "./program.ts";

/** The entries that the program lists: dataset, raw, entry. */
export type Listed = ReadonlyMap<string, ReadonlyMap<string, ListedEntry>>;

/** The state when nothing was left to do, or when patience ended. */
export interface Settled {
  readonly listed: Listed;
  /** Work that is still to be done, and that nobody does. */
  readonly pending: readonly string[];
}

interface Status {
  readonly datasets: readonly {
    readonly dataset: string;
    readonly waiting: number;
    readonly unreadBytes: number | null;
  }[];
}

/** A file that was missing is tried again after 5, 10 and 20 s; a kill costs a start. */
const PATIENCE_MS = 120_000;
const POLL_MS = 300;

/** Waits until nothing is due and every newest version has its outcome. */
export async function untilSettled(
  datasets: readonly Dataset[],
  config: string,
  wasCacheLost: boolean,
): Promise<Settled> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const listed = await list(config).catch(() => undefined);
    const status = await statusOf(config).catch(() => undefined);
    const pending =
      listed === undefined || status === undefined
        ? ["there is no cache"]
        : [...unread(status), ...unsettled(datasets, listed, wasCacheLost)];
    if (pending.length === 0 || Date.now() > deadline) {
      return { listed: listed ?? new Map(), pending };
    }
  }
}

/** The entries that the program lists now. */
export async function list(config: string): Promise<Listed> {
  const entries = JSON.parse(await sampler(["list", "--json"], config)) as ListedEntry[];
  const byDataset = Map.groupBy(entries, ({ dataset }) => dataset);
  return new Map(
    [...byDataset].map(([dataset, all]) => [dataset, new Map(all.map((one) => [one.raw, one]))]),
  );
}

/**
 * True when an entry may be gone: a failure without a sample is known by its line only, and both
 * the line and the cache are gone.
 */
export function mayBeForgotten(dataset: Dataset, version: Version, wasCacheLost: boolean): boolean {
  return wasCacheLost && mustFail(version) && version.generation <= dataset.forgotten;
}

async function statusOf(config: string): Promise<Status> {
  return JSON.parse(await sampler(["status", "--json"], config)) as Status;
}

function unread({ datasets }: Status): string[] {
  return datasets
    .filter(({ waiting, unreadBytes }) => waiting > 0 || (unreadBytes ?? 0) > 0)
    .map(
      ({ dataset, waiting, unreadBytes }) => `${dataset}: ${waiting} wait, ${unreadBytes} bytes`,
    );
}

function unsettled(datasets: readonly Dataset[], listed: Listed, wasCacheLost: boolean): string[] {
  return datasets.flatMap((dataset) =>
    [...dataset.raws.values()].flatMap(({ path, version }) => {
      if (version === undefined || mayBeForgotten(dataset, version, wasCacheLost)) return [];
      const entry = listed.get(dataset.name)?.get(path);
      if (entry?.mtime === version.mtime && !entry.waiting) return [];
      const state = entry === undefined ? "no entry" : `${entry.mtime} ${entry.outcome}`;
      return [`${dataset.name} ${path}: wanted ${version.mtime}, is ${state}`];
    }),
  );
}
