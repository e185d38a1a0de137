import { Failure } from "../errors.ts";
import type { Phase } from "../store/staging-store.ts";
import type { Progress, Staged } from "./context.ts";
import { type FileEvent, type FileState, nextState } from "./lifecycle.ts";
import type { Ticket } from "./shared-transfers.ts";

/** A limit to waiting. */
export interface Wait {
  readonly signal?: AbortSignal | undefined;
  /** ms; no limit by default. */
  readonly timeoutMs?: number | undefined;
}

/** The state of a file and how far it is. */
export interface FileProgress {
  readonly state: FileState;
  /** Undefined where it is not being staged. */
  readonly phase: Phase | undefined;
  /** Bytes that are there. */
  readonly bytes: number;
  /** Bytes that there are to be; undefined where that is not known. */
  readonly size: number | undefined;
  /** Bytes a second, since it was begun; undefined where it cannot be told yet. */
  readonly bytesPerSecond: number | undefined;
  /** Time that is left at that rate, ms; undefined where it cannot be told. */
  readonly etaMs: number | undefined;
}

/** A file that is staged, or is to be. */
export interface StagedFile {
  /** The location, as it may be shown. */
  readonly location: string;
  readonly state: FileState;
  /** Begins to stage it, again where that failed or was cancelled. */
  stage(): void;
  /**
   * Waits for the file; begins to stage it where nobody has.
   * @throws Failure of the transfer, at once where it has failed; TIMEOUT; the signal's reason
   */
  ready(wait?: Wait): Promise<Staged>;
  /** Its progress, now and with each change, until it is staged or failed. */
  progress(): AsyncGenerator<FileProgress, void, void>;
  /** Wants it no longer. */
  cancel(): void;
}

/** Makes a file out of a way to join its transfer. */
export function createFile(location: string, join: () => Ticket): StagedFile {
  let state: FileState = "not-staged";
  let attempt: Attempt | undefined;

  function stage(): void {
    if (state === "staging" || state === "staged") return;
    state = nextState(state, "begin");
    const begun = { ticket: join(), began: performance.now(), ...Promise.withResolvers<Staged>() };
    attempt = begun;
    // Who does not wait is not told.
    begun.promise.catch(() => undefined);
    begun.ticket.staged.then(
      (staged) => end(begun, "finish", () => begun.resolve(staged)),
      (error: unknown) => end(begun, "fail", () => begun.reject(error)),
    );
  }

  /** The result of an attempt that was cancelled changes nothing. */
  function end(of: Attempt, event: FileEvent, settle: () => void): void {
    if (attempt !== of || state !== "staging") return;
    state = nextState(state, event);
    settle();
  }

  return {
    location,
    get state() {
      return state;
    },
    stage,
    async ready(wait = {}) {
      if (attempt === undefined) stage();
      return await within((attempt as Attempt).promise, location, wait);
    },
    async *progress() {
      const of = attempt;
      const now = (progress: Progress | undefined) =>
        progressOf(state, progress, performance.now() - (of?.began ?? 0));
      for await (const progress of of?.ticket.progress.values() ?? []) {
        if (state === "staging") yield now(progress);
      }
      await of?.promise.catch(() => undefined);
      yield now(of?.ticket.progress.get());
    },
    cancel() {
      const of = attempt;
      if (of === undefined || state !== "staging") return;
      state = nextState(state, "cancel");
      of.reject(new Failure("CANCELLED", `${location}: staging was cancelled`));
      of.ticket.leave();
    },
  };
}

/** One try to stage a file. */
interface Attempt extends PromiseWithResolvers<Staged> {
  readonly ticket: Ticket;
  /** ms, of a clock that nobody sets. */
  readonly began: number;
}

function progressOf(state: FileState, now: Progress | undefined, ms: number): FileProgress {
  const { bytes = 0, size } = now ?? {};
  const bytesPerSecond = ms > 0 && bytes > 0 ? (bytes / ms) * 1000 : undefined;
  const isKnown = size !== undefined && bytesPerSecond !== undefined && state === "staging";
  return {
    state,
    phase: state === "staging" ? now?.phase : undefined,
    bytes,
    size,
    bytesPerSecond,
    etaMs: isKnown ? ((size - bytes) / bytesPerSecond) * 1000 : undefined,
  };
}

async function within<T>(
  work: Promise<T>,
  location: string,
  { signal, timeoutMs }: Wait,
): Promise<T> {
  if (signal === undefined && timeoutMs === undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal?.reason);
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted === true) onAbort();
  const late = new Failure("TIMEOUT", `${location} is not staged after ${timeoutMs} ms`);
  const timer = timeoutMs === undefined ? undefined : setTimeout(reject, timeoutMs, late);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
