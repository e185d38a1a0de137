import { realpath } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { entriesOf, similarRaws, type WholeEntry } from "../cache/entry.ts";
import type { Db } from "../cache/open.ts";
import { rawsOfSample } from "../cache/sample-name.ts";
import type { Settings } from "../config/settings.ts";
import { pathBytes } from "../lib/pep383.ts";
import { samplePath } from "../samples/path.ts";
import { openCacheIfAny } from "./cache-if-any.ts";

/** What is to be shown: entries, or a file of the lake that no entry is known for. */
export type Found =
  | { readonly kind: "entries"; readonly entries: readonly WholeEntry[] }
  | { readonly kind: "file"; readonly path: string; readonly dataset: string | null }
  | { readonly kind: "unknown"; readonly why: string };

/** Raws named where the one that was asked for is unknown. */
const SIMILAR = 5;

/**
 * Finds what an argument means: the raw of an entry, a sample, or a file in the lake; relative paths
 * start here, at the dataset, or at the prefix.
 * @throws Failure CACHE_UNUSABLE
 */
export async function findWhat(
  what: string,
  settings: Settings,
  dataset: string | undefined,
): Promise<Found> {
  const db = openCacheIfAny(settings.state);
  try {
    const entries = db === undefined ? [] : knownAs(db, what, settings, dataset);
    if (entries.length > 0) return { kind: "entries", entries };
    const path = await existing(candidates(what, settings, dataset));
    if (path === undefined) return { kind: "unknown", why: unknownText(db, what, dataset) };
    if (!(await isInLake(path, settings))) {
      const why = `${what} is not in the lake: \`preview\` shows any file`;
      return { kind: "unknown", why };
    }
    return { kind: "file", path, dataset: datasetOf(path, settings)?.name ?? null };
  } finally {
    db?.close();
  }
}

/** Entries with this raw; else those whose sample this is. */
function knownAs(
  db: Db,
  what: string,
  settings: Settings,
  dataset: string | undefined,
): readonly WholeEntry[] {
  const entries = entriesOf(db, what, dataset);
  if (entries.length > 0) return entries;
  const absolute = datasetOf(resolve(what), settings);
  const samples = [
    { name: sampleName(what), dataset },
    ...(absolute === undefined
      ? []
      : [{ name: sampleName(absolute.path), dataset: absolute.name }]),
  ];
  for (const { name, dataset } of samples) {
    if (name === undefined) continue;
    const raws = rawsOfSample(db, name, dataset);
    const found = raws.flatMap((one) => entriesOf(db, one.raw, one.dataset));
    // A name is kept for ever, also where the sample has got another one.
    const current = found.filter(({ sample }) => sample === `samples/${name}`);
    if (current.length > 0) return current;
  }
  return [];
}

/** The part of a sample's path below `samples/`. */
function sampleName(path: string): string | undefined {
  return /^samples\/(.+)$/.exec(path)?.[1];
}

/** The dataset that a path lies in, and the path below it. */
function datasetOf(
  path: string,
  { prefix }: Settings,
): { readonly name: string; readonly path: string } | undefined {
  const [vendor = "", dataset = "", version = "", ...rest] = relative(prefix, path).split("/");
  if (vendor.startsWith(".") || rest.length === 0) return undefined;
  return { name: [vendor, dataset, version].join("/"), path: rest.join("/") };
}

function candidates(
  what: string,
  { prefix }: Settings,
  dataset: string | undefined,
): readonly string[] {
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

function unknownText(db: Db | undefined, what: string, dataset: string | undefined): string {
  const where = dataset === undefined ? "" : ` in ${dataset}`;
  const unknown = `no entry has the raw ${what}${where}, and there is no such sample or file`;
  if (db === undefined) return `${unknown}; there is no cache yet: has \`run\` been started?`;
  const stem = samplePath(what, { layout: "flat", extension: "" });
  const similar = similarRaws(db, join("raw", basename(what)), stem, SIMILAR);
  const names = similar.map((found) => `${found.dataset} ${found.raw}`);
  const hint =
    names.length === 0 ? "`list` names what there is" : `the same file name: ${names.join(", ")}`;
  return `${unknown}; ${hint}`;
}
