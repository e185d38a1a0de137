import { realpath } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { rawsOfBronze } from "../store/sqlite/queries/bronze.ts";
import { entriesOf, type WholeEntry } from "../store/sqlite/queries/entry.ts";
import { rawsEnding } from "../store/sqlite/queries/near-raws.ts";
import type { Db } from "../store/sqlite/open.ts";
import { rawsOfSample } from "../store/sqlite/queries/sample-name.ts";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { pathBytes } from "../lib/pep383.ts";
import { openCacheIfAny } from "../store/sqlite/open-if-any.ts";
import { unknownRaw } from "./unknown-names.ts";
import { type WaitingFor, waitingFor } from "./waiting-for.ts";
import { holderOf } from "../store/sqlite/lock.ts";

/** What is to be shown: entries, or a file of the lake that no entry is known for. */
export type Found =
  | {
      readonly kind: "entries";
      readonly entries: readonly WholeEntry[];
      readonly waiting: WaitingFor;
    }
  | { readonly kind: "file"; readonly path: string; readonly dataset: string | null };

/** An argument, and where it is looked for. */
interface Wanted {
  readonly what: string;
  readonly settings: Settings;
  /** In all of them when undefined. */
  readonly dataset: string | undefined;
}

/**
 * Finds what an argument means: the raw of an entry or the end of one, a sample, the bronze file of
 * an entry, or any file in the lake; relative paths start here, at the dataset, or at the prefix.
 * @throws Failure USAGE for what is unknown, PATH_REFUSED outside of the lake, CACHE_UNUSABLE
 */
export async function findWhat(
  what: string,
  settings: Settings,
  dataset: string | undefined,
): Promise<Found> {
  const wanted = { what, settings, dataset };
  const db = openCacheIfAny(settings.state);
  try {
    const entries = db === undefined ? [] : await entriesMeant(db, wanted);
    if (db !== undefined && entries.length > 0) {
      const waiting = waitingFor(db, settings, holderOf(settings.state) ?? null);
      return { kind: "entries", entries, waiting };
    }
    const path = await existing(candidates(wanted));
    if (path === undefined) throw unknown(db, wanted);
    if (!(await isInLake(path, settings))) {
      throw new Failure("PATH_REFUSED", `${what} is not in the lake: \`preview\` shows any file`);
    }
    const place = (await placesOf(path, settings)).at(-1);
    return { kind: "file", path, dataset: place?.dataset ?? null };
  } finally {
    db?.close();
  }
}

/** The entries that an argument means: the first way that finds some. */
async function entriesMeant(db: Db, wanted: Wanted): Promise<readonly WholeEntry[]> {
  const { what, settings, dataset } = wanted;
  const known = entriesOf(db, what, dataset);
  if (known.length > 0) return known;
  const here: Place[] = [{ dataset, path: what }];
  for (const path of candidates(wanted)) here.push(...(await placesOf(path, settings)));
  const places = here.filter((place) => dataset === undefined || place.dataset === dataset);
  for (const place of places) {
    const entries = ofSample(db, place);
    if (entries.length > 0) return entries;
  }
  const [ending, other] = rawsEnding(db, { raw: what, dataset, count: 2 });
  if (ending !== undefined && other === undefined) return entriesOf(db, ending.raw, ending.dataset);
  for (const { dataset, path } of places) {
    const absolute = dataset === undefined ? path : resolve(settings.prefix, dataset, path);
    const raws = rawsOfBronze(db, { dataset, paths: [path, absolute] });
    if (raws.length > 0) return raws.flatMap((one) => entriesOf(db, one.raw, one.dataset));
  }
  return [];
}

/** A path below a dataset; below any when that is undefined. */
interface Place {
  readonly dataset: string | undefined;
  readonly path: string;
}

function ofSample(db: Db, { dataset, path }: Place): readonly WholeEntry[] {
  const [, name] = /^samples\/(.+)$/.exec(path) ?? [];
  if (name === undefined) return [];
  const raws = rawsOfSample(db, name, dataset);
  const found = raws.flatMap((one) => entriesOf(db, one.raw, one.dataset));
  // A name is kept for ever, also where the sample has got another one.
  return found.filter(({ sample }) => sample === path);
}

/** The datasets that a path lies in, as it is written and as it is without links. */
async function placesOf(path: string, { prefix }: Settings): Promise<readonly Place[]> {
  const [realPrefix, realPath] = [await realOf(prefix), await realOf(path)];
  const places = [placeBelow(prefix, path)];
  if (realPrefix !== undefined && realPath !== undefined)
    places.push(placeBelow(realPrefix, realPath));
  return places.filter((place) => place !== undefined);
}

function placeBelow(prefix: string, path: string): Place | undefined {
  const [vendor = "", dataset = "", version = "", ...rest] = relative(prefix, path).split("/");
  if (vendor.startsWith(".") || rest.length === 0) return undefined;
  return { dataset: [vendor, dataset, version].join("/"), path: rest.join("/") };
}

function candidates({ what, settings: { prefix }, dataset }: Wanted): readonly string[] {
  const below = dataset === undefined ? [] : [resolve(prefix, dataset, what)];
  return [...below, resolve(what), resolve(prefix, what)];
}

/** The first of some paths that there is. */
async function existing(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    if ((await realOf(path)) !== undefined) return path;
  }
  return undefined;
}

async function isInLake(path: string, settings: Settings): Promise<boolean> {
  const real = await realOf(path);
  const roots = await rootsOf(settings);
  return real !== undefined && roots.some((root) => real.startsWith(`${root}/`));
}

/** Real paths of the directories that what is shown may lie in. */
export async function rootsOf({ prefix, allowedRoots }: Settings): Promise<readonly string[]> {
  const roots = await Promise.all([prefix, ...allowedRoots].map(realOf));
  return roots.filter((root) => root !== undefined);
}

async function realOf(path: string): Promise<string | undefined> {
  return realpath(pathBytes(path)).then(String, () => undefined);
}

function unknown(db: Db | undefined, { what, dataset }: Wanted): Failure {
  const also = ", and there is no such sample or file";
  if (db !== undefined) return new Failure("USAGE", unknownRaw(db, { raw: what, dataset, also }));
  const why = "there is no cache yet: has `run` been started?";
  return new Failure("CACHE_UNUSABLE", `no entry has the raw ${what}${also}; ${why}`);
}
