import { join, matchesGlob, resolve } from "node:path";
import type { Config } from "./schema.ts";
import type { Limits } from "../lib/limits.ts";

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

/**
 * The reason why a dataset gets no samples: left out by `datasets`, or switched off by
 * `sample.enabled`.
 */
export type OffReason = "excluded" | "disabled";

/** Layout of `samples/`: one directory for all, or the directories of the raw files. */
export type Layout = "flat" | "mirror";

/** The settings of one dataset, overrides applied. */
export interface DatasetSettings {
  readonly enabled: boolean;
  readonly layout: Layout;
  readonly limits: Limits;
  readonly retention: Retention;
  /** Extension → format name. */
  readonly extensions: Readonly<Record<string, string>>;
}

/** The configuration as the program uses it: complete, checked, paths absolute. */
export interface Settings extends Omit<Config, "prefix" | "state"> {
  readonly prefix: string;
  /** Directory of the cache. */
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
  const part = <K extends "sample" | "limits" | "retention">(key: K) =>
    matching.map((item) => item[key]);
  const { enabled, layout, rows, bytes, members } = merged(config.sample, part("sample"));
  const limits = merged(config.limits, part("limits"));
  const maps = [config.formats, ...matching.map((item) => item.formats)];
  return {
    enabled,
    layout,
    limits: { ...limits, rows, bytes, members },
    retention: merged(config.retention, part("retention")),
    extensions: Object.assign({}, ...maps.map((map) => map?.extensions)),
  };
}

/** Some settings, each of which an override may replace. */
type Overriding<T> = { readonly [K in keyof T]?: T[K] | undefined } | undefined;

function merged<T extends object>(settings: T, overrides: readonly Overriding<T>[]): T {
  return Object.assign({}, settings, ...overrides);
}
