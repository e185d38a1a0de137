import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Config } from "./schema.ts";

/** The configuration of staging: complete, checked, paths absolute. */
export interface StagingSettings extends Omit<
  Config["staging"],
  "runs" | "store" | "runTtl" | "stallSeconds" | "prices"
> {
  /** Directory of `staging.db`. */
  readonly state: string;
  /** Directory of the runs. */
  readonly runs: string;
  /** Directory of the staged files. */
  readonly store: string;
  /** Time that a run stays, ms. */
  readonly runTtlMs: number;
  /** Time without a byte after which a source has stalled, ms. */
  readonly stallMs: number;
  /** Decompressed bytes that one compressed one may become. */
  readonly ratio: number;
  /** Path of the price table. */
  readonly prices: string | undefined;
  readonly endpoints: Config["endpoints"];
  readonly regions: Config["regions"];
  readonly log: Config["log"];
}

/** A checked configuration, and what it depends on. */
export interface StagingOrigin {
  readonly config: Config;
  /** Undefined where there is no lake: the state is the user's own then. */
  readonly prefix: string | undefined;
  /** Path of the configuration; undefined where there is none. */
  readonly file: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The settings of a checked configuration. */
export function stagingSettingsOf({ config, prefix, file, env }: StagingOrigin): StagingSettings {
  const { runs, store, runTtl, stallSeconds, prices, ...rest } = config.staging;
  const home = env["XDG_STATE_HOME"] ?? join(homedir(), ".local/state");
  const own =
    prefix === undefined ? join(home, "staging-sampler") : join(prefix, ".staging-sampler");
  const state = resolve(prefix ?? ".", config.state ?? own);
  return {
    ...rest,
    state,
    runs: resolve(state, runs ?? "runs"),
    store: resolve(state, store ?? "store"),
    runTtlMs: runTtl * 1000,
    stallMs: stallSeconds * 1000,
    ratio: config.limits.ratio,
    prices: pricesBeside(file, prices),
    endpoints: config.endpoints,
    regions: config.regions,
    log: config.log,
  };
}

/** The path of the price table: the named one, else `prices.yaml` where it lies beside the file. */
function pricesBeside(file: string | undefined, named: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const path = resolve(dirname(file), named ?? "prices.yaml");
  return named !== undefined || existsSync(path) ? path : undefined;
}
