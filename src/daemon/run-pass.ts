import { errorCode, errorMessage } from "../errors.ts";
import { troubleOf } from "../inspect/health.ts";
import type { PassResult } from "../sampling/pass.ts";
import type { Daemon } from "./state.ts";
import type { PassRequest } from "./triggers.ts";
import { isDamaged, isStoreError } from "../store/open.ts";

/** Time after which a drain makes way for new manifest lines, ms. */
const SLICE_MS = 200;
/** Time until a pass that failed as a whole is tried again, ms. */
const TRY_AGAIN_MS = 5000;

/**
 * Runs a pass. Returns true when neither lines nor due entries were left.
 * @throws what a damaged cache throws
 */
export async function runPass(daemon: Daemon, { datasets }: PassRequest): Promise<boolean> {
  const { runtime, triggers, status, liveness, abort, lock } = daemon;
  const { lost } = lock;
  try {
    const result = await runtime.pass({
      ...(datasets === undefined ? {} : { datasets }),
      settles: false,
      isStopping() {
        // Asking is progress: it happens between two steps.
        liveness.progressed();
        return status.isStopping || lost.aborted;
      },
      isOver: (drainedMs) =>
        (triggers.isPending() && drainedMs > SLICE_MS) || runtime.admission.busy() !== undefined,
      abort: AbortSignal.any([abort.signal, lost]),
    });
    await noteResult(daemon, result, datasets === undefined);
    await planNext(daemon, result);
    return result.isDrained;
  } catch (error) {
    if (isDamaged(error)) throw error;
    await noteFailure(daemon, error);
    return false;
  }
}

async function noteResult(
  daemon: Daemon,
  { summary, ...result }: PassResult,
  isOfAll: boolean,
): Promise<void> {
  const { store, log, reporter, server, status } = daemon;
  tellSkew(daemon);
  status.isCleanedUp = result.isCleanedUp;
  if (isOfAll) server.passed({ summary, isDrained: result.isDrained });
  if (status.passFailure !== null) await store.process.setPassFailure(null);
  status.passFailure = null;
  if (isOfAll || summary.errors + summary.paused > 0) reporter.passed(troubleOf(summary));
  log[isOfAll ? "info" : "debug"](summary, "pass");
  daemon.trim();
}

/** Tells once that the clock of this host is wrong, or that of the database. */
function tellSkew({ store, log, status }: Daemon): void {
  const skewMs = store.turns?.skewMs() ?? 0;
  if (skewMs !== 0 && !status.isSkewTold)
    log.warn({ skewMs }, "clock differs from the database's: set one by NTP");
  status.isSkewTold = skewMs !== 0;
}

async function planNext(daemon: Daemon, { isDrained, unsettledMs }: PassResult): Promise<void> {
  const { triggers, runtime, store } = daemon;
  if (unsettledMs !== undefined) setTimeout(triggers.all, unsettledMs).unref();
  // What this pass has left, since the host was busy, is for the next one: it may be so no more.
  const isLeft = !isDrained && !triggers.isPending();
  const now = Date.now();
  triggers.at(isLeft ? now : ((await store.drain.nextRetry(now)) ?? Infinity));
  if (runtime.admission.busy() !== undefined) triggers.all();
}

/** Notes why a pass failed, and asks for the next one after a while. */
async function noteFailure(
  { store, log, reporter, status, triggers }: Daemon,
  error: unknown,
): Promise<void> {
  clearTimeout(status.lookAgain);
  status.lookAgain = setTimeout(triggers.all, TRY_AGAIN_MS);
  const code = errorCode(error) ?? (isStoreError(error) ? "CACHE_UNUSABLE" : "UNEXPECTED");
  const reason = errorMessage(error);
  const failure = `${code}: ${reason}`;
  reporter.passed(`passes fail: ${failure}`);
  // Each reason to work is one more try; the log has what is wrong once.
  if (failure === status.passFailure) return;
  status.passFailure = failure;
  log.error({ code, reason, err: error }, "pass failed");
  try {
    await store.process.setPassFailure(failure);
  } catch (cause) {
    // Where the cache is what fails, the log has said so.
    log.debug({ reason: errorMessage(cause) }, "the cache cannot remember why passes fail");
  }
}
