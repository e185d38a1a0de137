import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Config } from "./schema.ts";

/** The configuration of staging: complete, checked, paths absolute. */
export interface StagingSettings extends Omit<
  Config["staging"],
  "runs" | "store" | "runTtl" | "stallSeconds"
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
  readonly endpoints: Config["endpoints"];
  readonly regions: Config["regions"];
  readonly log: Config["log"];
}

/** The settings of a checked configuration; without a lake the state is the user's own. */
export function stagingSettingsOf(
  config: Config,
  prefix: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): StagingSettings {
  const { runs, store, runTtl, stallSeconds, ...rest } = config.staging;
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
    endpoints: config.endpoints,
    regions: config.regions,
    log: config.log,
  };
}
