import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../../config/settings.ts";
import { errorMessage, Failure, type FailureCode, systemErrorIn } from "../../errors.ts";
import { discover } from "../../manifest/discover.ts";
import { isStoreError } from "../../store/open.ts";
import type { PassEvent } from "../events.ts";
import type { Looks } from "./looks.ts";

/** Options of `keepLooking`. */
export interface KeepLookingOptions {
  readonly looks: Looks;
  readonly settings: Settings;
  readonly report: (event: PassEvent) => void;
  /** Called with a dataset that has more due since. */
  readonly onFound: (dataset: string) => void;
}

/** Longest time until datasets are looked for again, ms. */
const LONGEST_MS = 60_000;
/** Shortest rest between two rounds, ms. */
const SHORTEST_MS = 100;

/**
 * Looks at raw files while the daemon runs, beside its passes: a listing that hangs holds up none of
 * them. Returns the function that ends it.
 */
export function keepLooking(options: KeepLookingOptions): () => Promise<void> {
  const { looks, settings } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const done = settings.looksAtRaw ? run() : Promise.resolve();
  return async () => {
    stopping.abort();
    await looks.close();
    await done;
  };

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await round();
      const restMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, looks.nextMs() ?? LONGEST_MS));
      await sleep(restMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function round(): Promise<void> {
    const { report, onFound } = options;
    const isStopping = () => signal.aborted;
    try {
      // Passes tell of directories that cannot be looked into.
      const { datasets } = await discover(
        settings.prefix,
        settings.includes,
        settings.rawDirectories,
      );
      const enabled = datasets.filter((dataset) => settings.offReason(dataset) === undefined);
      await looks.round(enabled, { report, isStopping, onFound });
    } catch (error) {
      if (isStopping()) return;
      report({ type: "unlisted", ...faultOf(error, settings), message: errorMessage(error) });
    }
  }
}

/** The thing that an error of a whole round is about, and its code. */
function faultOf(
  error: unknown,
  { prefix, state }: Pick<Settings, "prefix" | "state">,
): { readonly where: string; readonly code: FailureCode } {
  if (isStoreError(error)) return { where: state, code: "CACHE_UNUSABLE" };
  if (error instanceof Failure) return { where: prefix, code: error.code };
  const isRefused = systemErrorIn(error) !== undefined;
  return { where: prefix, code: isRefused ? "RAW_UNREADABLE" : "UNEXPECTED" };
}
