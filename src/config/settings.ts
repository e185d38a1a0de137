import { join, matchesGlob, resolve } from "node:path";
import { type MaskSettings, maskOf } from "./mask-settings.ts";
import type { Config } from "./schema.ts";
import type { Limits } from "../lib/limits.ts";
import type { Mapped } from "../lib/mapped-names.ts";
import { isMapping } from "../lib/mapping.ts";

/** The source of settings, as plain data. */
export interface SettingsOrigin {
  readonly config: Config;
  /** Absolute. */
  readonly prefix: string;
  /** The configuration file, or undefined when all is default. */
  readonly file: string | undefined;
}

/** Limits on the samples of a dataset that are kept: all of them by default. */
export type Retention = Config["retention"];

/** The way raw files of a dataset are looked at; not at all by default. */
export type RawSettings = Readonly<Config["raw"]>;

/**
 * The reason why a dataset gets no samples: left out by `datasets`, or switched off by
 * `sample.enabled`.
 */
export type OffReason = "excluded" | "disabled";

/** Layout of `samples/`: one directory for all, or the directories of the raw files. */
export type Layout = "flat" | "mirror";

/** A way to choose records, as `SampleRequest` knows it, without what is of one file. */
export interface ChosenStrategy {
  readonly name: Exclude<Config["sample"]["strategy"], "head">;
  readonly parts: number;
}

/** The settings of one dataset, overrides applied. */
export interface DatasetSettings {
  readonly enabled: boolean;
  readonly layout: Layout;
  readonly limits: Limits;
  /** Undefined for `head`. */
  readonly strategy: ChosenStrategy | undefined;
  readonly retention: Retention;
  /** Null where samples are verbatim. */
  readonly mask: MaskSettings | null;
  readonly drift: Config["drift"];
  /** `formats.names`, then `formats.extensions`, in the order in which they count. */
  readonly extensions: Mapped;
  readonly raw: RawSettings;
  readonly contracts: Config["contracts"];
}

/** The configuration as the program uses it: complete, checked, paths absolute. */
export interface Settings extends Omit<Config, "prefix" | "state"> {
  readonly prefix: string;
  /** Directory of the cache, and of what else this machine remembers. */
  readonly state: string;
  /** The configuration file, or undefined when all is default. */
  readonly file: string | undefined;
  /** The origin of these settings; plain data, for other threads. */
  readonly origin: SettingsOrigin;
  forDataset(name: string): DatasetSettings;
  /** True when a dataset (`vendor/dataset/version`) is ours to sample. */
  includes(name: string): boolean;
  /** The reason why a dataset gets no samples; undefined where it does. */
  offReason(name: string): OffReason | undefined;
  /** True when some dataset's raw files are looked at, or may be. */
  readonly looksAtRaw: boolean;
  /** The directories of a dataset's raw files, any of which makes it a dataset; none where they are off. */
  rawDirectories(name: string): readonly string[];
  /** True where raw files are sampled without a manifest: none is read then. */
  readsNoManifest(name: string): boolean;
}

/** The settings for a checked configuration. */
export function settingsOf(origin: SettingsOrigin): Settings {
  const { config, prefix, file } = origin;
  const { include, exclude } = config.datasets;
  const includes = onceEach(
    (name) =>
      include.some((glob) => matchesGlob(name, glob)) &&
      !exclude.some((glob) => matchesGlob(name, glob)),
  );
  const forDataset = onceEach((name) => datasetSettings(config, name));
  return {
    ...config,
    origin,
    prefix,
    file,
    state: resolve(prefix, config.state ?? join(prefix, ".staging-sampler")),
    includes,
    forDataset,
    looksAtRaw: [config, ...config.overrides].some(({ raw }) => (raw?.mode ?? "off") !== "off"),
    rawDirectories(name) {
      const { mode, directories } = forDataset(name).raw;
      return mode === "off" ? [] : directories;
    },
    readsNoManifest: (name) => forDataset(name).raw.mode === "only",
    offReason(name) {
      if (!includes(name)) return "excluded";
      return forDataset(name).enabled ? undefined : "disabled";
    },
  };
}

/** Remembers answers: every pass asks again for every dataset. */
function onceEach<T>(answer: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const answered = known.get(name) ?? answer(name);
    known.set(name, answered);
    return answered;
  };
}

/** Applies overrides: later ones win over earlier ones, key by key. */
function datasetSettings(config: Config, name: string): DatasetSettings {
  const matching = config.overrides.filter(({ datasets }) => matchesGlob(name, datasets));
  type Part = "sample" | "limits" | "retention" | "drift" | "raw" | "contracts";
  const part = <K extends Part>(key: K) => matching.map((item) => item[key]);
  const sample = merged(config.sample, part("sample"));
  const { enabled, layout, rows, bytes, members, tar, strategy, parts } = sample;
  const limits = merged(config.limits, part("limits"));
  const raw = merged(config.raw, part("raw"));
  const maps = [config.formats, ...matching.map((item) => item.formats)];
  return {
    enabled,
    layout,
    limits: { ...limits, rows, bytes, members, tarMembers: tar === "members" ? members : 0 },
    strategy: strategy === "head" ? undefined : { name: strategy, parts },
    retention: merged(config.retention, part("retention")),
    drift: merged(config.drift, part("drift")),
    extensions: mappedBy(maps.filter((map) => map !== undefined)),
    raw: { ...raw, directories: raw.directories.map((path) => path.replace("{dataset}", name)) },
    contracts: {
      ...merged(config.contracts, part("contracts")),
      // Those of one contract mean nothing in another.
      objects:
        part("contracts").findLast((one) => one?.objects)?.objects ?? config.contracts.objects,
    },
    mask: maskOf(
      config.mask,
      matching.map((item) => item.mask),
    ),
  };
}

/** One map of all: patterns come before extensions, and those of the last override before others. */
function mappedBy(maps: readonly Config["formats"][]): Mapped {
  const latestFirst = maps.toReversed();
  const names = Object.assign({}, ...latestFirst.map((map) => map.names));
  return Object.assign(
    names,
    ...maps.map((map) => map.names),
    ...maps.map((map) => map.extensions),
  );
}

/** Some settings, each of which an override may replace, those in objects one by one. */
type Overriding<T> = { readonly [K in keyof T]?: T[K] | Overriding<T[K]> | undefined } | undefined;

function merged<T extends object>(settings: T, overrides: readonly Overriding<T>[]): T {
  const result = { ...settings } as Record<string, unknown>;
  for (const override of overrides) {
    for (const [key, value] of Object.entries(override ?? {})) {
      const known = result[key];
      result[key] = isMapping(known) && isMapping(value) ? merged(known, [value]) : value;
    }
  }
  return result as T;
}
