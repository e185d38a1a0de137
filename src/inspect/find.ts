import type { Queries } from "../store/queries.ts";
import type { RawName, WholeEntry } from "../store/rows.ts";
import { realpath } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { isUrl, shownBronze } from "../lib/bronze-url.ts";
import { pathBytes } from "../lib/pep383.ts";
import { unknownRaw } from "./unknown-names.ts";
import { type WaitingFor, waitingFor } from "./waiting-for.ts";
import { holderOf, openStoreIfAny } from "../store/open.ts";

/** The things to show: entries, or a file of the lake that no entry is known for. */
export type Found =
  | {
      readonly kind: "entries";
      readonly entries: readonly WholeEntry[];
      readonly waiting: WaitingFor;
    }
  | { readonly kind: "file"; readonly path: string; readonly dataset: string | null };

/** An argument, and the place to look for it. */
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
  await using store = await openStoreIfAny(settings);
  const entries = store === undefined ? [] : await entriesMeant(store.queries, wanted);
  if (store !== undefined && entries.length > 0) {
    const waiting = await waitingFor(store.process, settings, (await holderOf(settings)) ?? null);
    return { kind: "entries", entries, waiting };
  }
  const path = await existing(candidates(wanted));
  if (path === undefined) throw await unknown(store?.queries, wanted);
  if (!(await isInLake(path, settings))) {
    throw new Failure("PATH_REFUSED", `${what} is not in the lake: \`preview\` shows any file`);
  }
  const place = (await placesOf(path, settings)).at(-1);
  return { kind: "file", path, dataset: place?.dataset ?? null };
}

/** The entries that an argument means, by the first way that finds some. */
async function entriesMeant(queries: Queries, wanted: Wanted): Promise<readonly WholeEntry[]> {
  const { what, settings, dataset } = wanted;
  const known = await queries.entriesOf(what, dataset);
  if (known.length > 0) return known;
  // A URL is known as it is shown.
  const here: Place[] = [{ dataset, path: shownBronze(what) }];
  for (const path of candidates(wanted)) here.push(...(await placesOf(path, settings)));
  const places = here.filter((place) => dataset === undefined || place.dataset === dataset);
  for (const place of places) {
    const entries = await ofSample(queries, place);
    if (entries.length > 0) return entries;
  }
  const [ending, other] = await queries.rawsEnding({ raw: what, dataset, count: 2 });
  if (ending !== undefined && other === undefined)
    return queries.entriesOf(ending.raw, ending.dataset);
  for (const { dataset, path } of places) {
    const absolute = dataset === undefined ? path : resolve(settings.prefix, dataset, path);
    const raws = await queries.rawsOfBronze({ dataset, paths: [path, absolute] });
    if (raws.length > 0) return entriesOfAll(queries, raws);
  }
  return [];
}

/** A path below a dataset; below any when that is undefined. */
interface Place {
  readonly dataset: string | undefined;
  readonly path: string;
}

async function ofSample(
  queries: Queries,
  { dataset, path }: Place,
): Promise<readonly WholeEntry[]> {
  const [, name] = /^samples\/(.+)$/.exec(path) ?? [];
  if (name === undefined) return [];
  const found = await entriesOfAll(queries, await queries.rawsOfSample(name, dataset));
  // A name is kept for ever, also where the sample has got another one.
  return found.filter(({ sample }) => sample === path);
}

async function entriesOfAll(
  queries: Queries,
  raws: readonly RawName[],
): Promise<readonly WholeEntry[]> {
  const found = await Promise.all(raws.map(({ raw, dataset }) => queries.entriesOf(raw, dataset)));
  return found.flat();
}

/** The datasets that a path lies in, as it is written and with links resolved. */
async function placesOf(path: string, { prefix }: Settings): Promise<readonly Place[]> {
  const [realPrefix, realPath] = [await realOf(prefix), await realOf(path)];
  const places = [placeBelow(prefix, path)];
  if (realPrefix !== undefined && realPath !== undefined)
    places.push(placeBelow(realPrefix, realPath));
  return places.filter((place) => place !== undefined);
}

/** The datasets whose directories a path lies in, as it is written and with links resolved. */
export async function datasetsOf(path: string, settings: Settings): Promise<readonly string[]> {
  const places = await placesOf(path, settings);
  return places.flatMap(({ dataset }) => (dataset === undefined ? [] : [dataset]));
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

/** The first of some paths that exists. */
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

/** Real paths of the directories that shown files may lie in. */
export async function rootsOf({ prefix, allowedRoots }: Settings): Promise<readonly string[]> {
  const directories = allowedRoots.filter((root) => !isUrl(root));
  const roots = await Promise.all([prefix, ...directories].map(realOf));
  return roots.filter((root) => root !== undefined);
}

/** A path with links resolved; undefined where there is nothing. */
export async function realOf(path: string): Promise<string | undefined> {
  return realpath(pathBytes(path)).then(String, () => undefined);
}

async function unknown(queries: Queries | undefined, { what, dataset }: Wanted): Promise<Failure> {
  const also = ", and there is no such sample or file";
  if (queries !== undefined)
    return new Failure("USAGE", await unknownRaw(queries, { raw: what, dataset, also }));
  const why = "there is no cache yet: has `run` been started?";
  return new Failure("CACHE_UNUSABLE", `no entry has the raw ${what}${also}; ${why}`);
}
