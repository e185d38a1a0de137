import { createSemaphore } from "../lib/semaphore.ts";
import { createLatest, type Latest } from "../lib/latest.ts";
import { redacted } from "../storage/location.ts";
import { errorMessage, Failure } from "../errors.ts";
import type { Progress, Staged, StagingContext, Wanted } from "./context.ts";
import { isRefusal, type TransferOptions, transferObject } from "./object-transfer.ts";
import { proveRight } from "./prove-right.ts";
import { tryToPrune } from "./store-upkeep.ts";
import { transferKey } from "./wanted.ts";

/** A place in a transfer that others may have, too. */
export interface Ticket {
  /** @throws Failure as `transferObject` */
  readonly staged: Promise<Staged>;
  readonly progress: Latest<Progress>;
  /** Wants it no longer: the transfer ends when nobody does. */
  leave(): void;
}

interface Shared {
  /** The URL that is asked, with its signature. */
  readonly href: string;
  readonly staged: Promise<Staged>;
  readonly progress: Latest<Progress>;
  readonly abort: AbortController;
  waiters: number;
}

/** Joins a transfer that is under way in this process, or begins one. */
export type Join = (wanted: Wanted) => Ticket;

/** A transfer waits its turn for as long as the others take. */
const PATIENCE_MS = 2 ** 31 - 1;

/** The reason of who leaves: made once, since each error has a stack. */
const LEFT = new Failure("CANCELLED", "nobody waits for it any more");

/** Shares transfers among those who want the same object at the same time; a few are at work at once. */
export function createSharedTransfers(context: StagingContext): Join {
  const inTurn = createSemaphore(context.settings.transfers, PATIENCE_MS);
  const underWay = new Map<string, Shared>();

  return (wanted) => {
    const key = transferKey(wanted);
    const { href } = wanted.url;
    const left = new AbortController();
    let shared = enter();
    return { staged: staged(), progress: shared.progress, leave };

    function leave(): void {
      if (left.signal.aborted) return;
      left.abort(LEFT);
      shared.waiters -= 1;
      if (shared.waiters > 0) return;
      if (underWay.get(key) === shared) underWay.delete(key);
      shared.abort.abort(LEFT);
    }

    function enter(): Shared {
      const found = underWay.get(key) ?? begin(key, wanted);
      found.waiters += 1;
      return found;
    }

    /**
     * What was refused to another signature may be granted to this one; what was granted to another one
     * need not be.
     */
    async function staged(): Promise<Staged> {
      for (;;) {
        const { href: asked } = shared;
        if (asked !== href) await proved();
        try {
          return await shared.staged;
        } catch (error) {
          if (left.signal.aborted || asked === href || !isRefusal(error)) throw error;
          shared = enter();
        }
      }
    }

    async function proved(): Promise<void> {
      try {
        await proveRight(wanted, context, left.signal);
      } catch (error) {
        // Nobody waits for it on behalf of who was refused.
        leave();
        throw error;
      }
    }
  };

  function begin(key: string, wanted: Wanted): Shared {
    const abort = new AbortController();
    const progress = createLatest<Progress>({ phase: "preparing", bytes: 0, size: undefined });
    const options = { signal: abort.signal, onProgress: progress.set };
    const staged = inTurn(() => transferred(wanted, options));
    const { href } = wanted.url;
    const shared: Shared = { href, staged, progress, abort, waiters: 0 };
    underWay.set(key, shared);
    const end = () => {
      if (underWay.get(key) === shared) underWay.delete(key);
      progress.end();
    };
    staged.then(end, end);
    return shared;
  }

  async function transferred(wanted: Wanted, options: TransferOptions): Promise<Staged> {
    const { onEvent } = context;
    const location = redacted(wanted.url);
    const began = performance.now();
    try {
      const staged = await transferObject(wanted, context, options);
      const { from, bytes } = staged;
      options.onProgress({ phase: "verifying", bytes, size: bytes });
      onEvent({ type: "staged", location, from, bytes, ms: Math.round(performance.now() - began) });
      if (from === "transfer") await tryToPrune(context);
      return staged;
    } catch (error) {
      const code = error instanceof Failure ? error.code : "UNEXPECTED";
      if (!options.signal.aborted)
        onEvent({ type: "failed", location, code, message: errorMessage(error) });
      throw error;
    }
  }
}
