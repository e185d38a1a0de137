import { hostname } from "node:os";
import type { Settings } from "../config/settings.ts";
import { jsonText } from "../lib/text.ts";
import type { PassEvent } from "../sampling/events.ts";
import { call, type CallFailure } from "./call.ts";
import { documentOf, type HookName, type Told, toldBy } from "./documents.ts";

/** Calls of one hook since the process began. */
export interface HookCounts {
  readonly done: number;
  readonly failed: number;
  /** Findings or failures that were counted in calls, but not listed: there were too many. */
  readonly unlisted: number;
}

/** The commands that are told of findings and failures. Nobody waits for them. */
export interface Hooks {
  observe(event: PassEvent): void;
  /** Continues with other settings. */
  change(settings: Settings): void;
  counts(): Readonly<Record<HookName, HookCounts>>;
  /** Tells what was gathered, without gathering more, until the signal; then ends what still runs. */
  close(signal: AbortSignal): Promise<void>;
}

/** Options of `createHooks`. */
export interface HooksOptions {
  readonly settings: Settings;
  /** Called with each call that failed. What it was to tell is not told again. */
  readonly onFailed: (failed: CallFailure & { hook: HookName; count: number }) => void;
  /** Called with each call that lists only a part of what there was to tell. */
  readonly onCut: (cut: { hook: HookName; listed: number; count: number }) => void;
}

/** Findings or failures that a document lists, at most. */
const MOST = 100;

/** Things gathered for one call. */
interface Batch {
  readonly told: Told[];
  count: number;
  readonly timer: NodeJS.Timeout;
}

/**
 * Begins to gather. There is one call at a time; what comes meanwhile is gathered for the next one,
 * so that there are never more than a batch of each kind.
 */
export function createHooks({ settings, onFailed, onCut }: HooksOptions): Hooks {
  const batches = new Map<HookName, Batch>();
  const counts = { finding: noCalls(), failure: noCalls() };
  const stopping = new AbortController();
  let chosen = settings;
  let isClosed = false;
  /** Ends with the last call that is asked for. */
  let calls = Promise.resolve();

  return {
    observe(event) {
      const found = toldBy(event);
      if (found === undefined || isClosed || chosen.hooks[found.hook] === null) return;
      const batch = batches.get(found.hook) ?? begin(found.hook);
      batch.count += 1;
      if (batch.told.length < MOST) batch.told.push(found.told());
    },
    change(next) {
      chosen = next;
    },
    counts: () => counts,
    async close(signal) {
      isClosed = true;
      const stop = () => stopping.abort();
      signal.addEventListener("abort", stop);
      if (signal.aborted) stop();
      for (const [hook, { timer }] of batches) {
        clearTimeout(timer);
        enqueue(hook);
      }
      await calls;
      signal.removeEventListener("abort", stop);
    },
  };

  function begin(hook: HookName): Batch {
    const timer = setTimeout(() => enqueue(hook), chosen.hooks.gatherSeconds * 1000);
    const batch = { told: [], count: 0, timer };
    batches.set(hook, batch);
    return batch;
  }

  function enqueue(hook: HookName): void {
    calls = calls.then(() => tell(hook));
  }

  async function tell(hook: HookName): Promise<void> {
    const batch = batches.get(hook);
    batches.delete(hook);
    const { [hook]: command, callSeconds } = chosen.hooks;
    // Told already, or switched off meanwhile.
    if (batch === undefined || command === null) return;
    const { told, count } = batch;
    const about = { host: hostname(), prefix: chosen.prefix };
    const failure = await call({
      command,
      text: `${jsonText(documentOf({ hook, told, count }, about))}\n`,
      timeoutMs: callSeconds * 1000,
      signal: stopping.signal,
    });
    const unlisted = count - told.length;
    counts[hook].unlisted += unlisted;
    counts[hook][failure === undefined ? "done" : "failed"] += 1;
    if (unlisted > 0) onCut({ hook, listed: told.length, count });
    if (failure !== undefined) onFailed({ hook, count, ...failure });
  }
}

function noCalls(): { -readonly [K in keyof HookCounts]: HookCounts[K] } {
  return { done: 0, failed: 0, unlisted: 0 };
}
