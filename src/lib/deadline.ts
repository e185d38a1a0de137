import { Failure } from "../errors.ts";

/** The time limit of a job, and its end from outside. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Rejects when the time is over or the work is stopped from outside. */
  readonly rejected: Promise<never>;
  /**
   * Waits for something that is not the job's own work: this time does not count.
   * @throws what `wait` throws
   */
  aside(wait: () => Promise<void>): Promise<void>;
  stop(): void;
}

/** Starts the time of one job; `stop` ends it from outside, where something can. */
export function startDeadline(seconds: number, stop?: AbortSignal): Deadline {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const end = (reason: unknown) => {
    controller.abort(reason);
    reject(reason);
  };
  const onStop = () => end(stop?.reason);
  const late = () => end(new Failure("TIMEOUT", `not done within limits.seconds (${seconds} s)`));
  let endsAt = performance.now() + seconds * 1000;
  let timer = setTimeout(late, seconds * 1000);
  if (stop?.aborted === true) onStop();
  stop?.addEventListener("abort", onStop);
  return {
    signal: controller.signal,
    rejected: promise,
    async aside(wait) {
      clearTimeout(timer);
      const left = endsAt - performance.now();
      await wait();
      endsAt = performance.now() + left;
      timer = setTimeout(late, left);
    },
    stop() {
      clearTimeout(timer);
      stop?.removeEventListener("abort", onStop);
    },
  };
}
