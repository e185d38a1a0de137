import type { FailureCode } from "../errors.ts";
import { type JobThread, startThread } from "./thread.ts";
import { GRACE_MS } from "../config/longest-job.ts";
import type { Settings } from "../config/settings.ts";
import type { CrashMarks } from "./crash-marks.ts";
import { createTurn, turnOf } from "./turn.ts";
import type { RunJob, Job, Outcome } from "../job.ts";

/** Runs jobs in threads, so that one file can be stopped and costs no other. */
export interface WorkerPool {
  readonly run: RunJob;
  /** Gives back the jobs that no thread was sent yet: they are aborted. */
  release(): void;
  /** Ends all threads; what is in flight is aborted. */
  close(): Promise<void>;
  /** False once a thread ended in the middle of a job, or could not remove what it had begun to write. */
  wasClean(): boolean;
  /** Takes the datasets of jobs whose threads ended in the middle of them since the last call. */
  takeEnded(): readonly string[];
  /** Number of threads that had to be replaced: they died, or were at one file for too long. */
  replaced(): number;
}

interface Task {
  readonly job: Job;
  readonly resolve: (outcome: Outcome) => void;
}

/** A place for a thread, which is started when it is needed, and again when it has died. */
interface Slot {
  readonly thread: number;
  jobThread: JobThread | undefined;
  /** Tasks that it was sent, in the order in which it does them. */
  tasks: Task[];
  /** Number of tasks that were answered since the thread was started. */
  answered: number;
  /** The count of its moves at the last look, and the time at which that last grew. */
  moves: number;
  movedAt: number;
  /** Number of tasks it may be sent at once. */
  atOnce: number;
}

const LOOK_MS = 500;
/** Work sent ahead to a thread, ms: enough to keep it busy, little enough that no file waits long. */
const AHEAD_MS = 40;
const LEAST_AT_ONCE = 2;
/** Tasks at once while their duration is not known. */
const FIRST_AT_ONCE = 8;
const MOST_AT_ONCE = 64;
const worker = new URL(
  `../sampling/job/worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/** Things that the threads of a pool share. */
export interface Shared {
  /** Notes what each of them works on. */
  readonly crashMarks: CrashMarks;
  /** Until when they may publish, by turn; absent where that is always. */
  readonly deadlines?: SharedArrayBuffer | undefined;
}

/** Creates a pool of as many threads as are configured; `program` is what they run. */
export function createWorkerPool(
  settings: Settings,
  { crashMarks, deadlines }: Shared,
  program = worker,
): WorkerPool {
  const slots = Array.from({ length: settings.drain.threads }, (_, thread) => emptySlot(thread));
  const stops = new WeakSet<AbortSignal>();
  const turn = createTurn();
  let waiting: Task[] = [];
  let sending: NodeJS.Immediate | undefined;
  let looking: NodeJS.Timeout | undefined;
  let isClean = true;
  let ended = new Set<string>();
  let replacedCount = 0;

  return { run, release, close, wasClean, takeEnded, replaced: () => replacedCount };

  function run(job: Job, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return Promise.resolve({ outcome: "aborted" });
    if (!stops.has(signal)) signal.addEventListener("abort", () => void close(), { once: true });
    stops.add(signal);
    return new Promise((resolve) => {
      waiting.push({ job, resolve });
      // What is handed over in the same turn goes in one message.
      sending ??= setImmediate(send);
    });
  }

  /**
   * Sends tasks to threads, first to those with the least to do; each gets its share, as far as it
   * has room.
   */
  function send(): void {
    sending = undefined;
    looking ??= setInterval(look, LOOK_MS);
    const inTurn = slots.toSorted((a, b) => a.tasks.length - b.tasks.length);
    for (const [i, slot] of inTurn.entries()) {
      const share = Math.ceil(waiting.length / (slots.length - i));
      const room = Math.min(share, slot.atOnce - slot.tasks.length);
      if (room > 0) sendTo(slot, waiting.splice(0, room).toSorted(byDataset));
    }
  }

  function sendTo(slot: Slot, tasks: readonly Task[]): void {
    slot.jobThread ??= startIn(slot);
    if (slot.tasks.length === 0) slot.movedAt = performance.now();
    slot.tasks.push(...tasks);
    slot.jobThread.post(tasks.map(({ job }) => job));
  }

  function startIn(slot: Slot): JobThread {
    const { thread } = slot;
    const isOurs = () => slot.jobThread === jobThread;
    const jobThread = startThread(
      program,
      { origin: settings.origin, crashMarks: crashMarks.path, thread, turn, deadlines },
      {
        onAnswers: (outcomes) => void (isOurs() && answered(slot, outcomes)),
        onDeath: (code, message) => void (isOurs() && died(slot, jobThread, code, message)),
      },
    );
    return jobThread;
  }

  function answered(slot: Slot, outcomes: readonly Outcome[]): void {
    const tasks = slot.tasks.splice(0, outcomes.length);
    slot.answered += outcomes.length;
    const ms = outcomes.reduce((sum, outcome) => sum + ("ms" in outcome ? outcome.ms : 0), 0);
    const fit = Math.floor((AHEAD_MS * outcomes.length) / Math.max(ms, 0.01));
    slot.atOnce = Math.min(MOST_AT_ONCE, Math.max(LEAST_AT_ONCE, fit));
    if (slot.tasks.length === 0) crashMarks.clear(slot.thread);
    for (const [i, outcome] of outcomes.entries()) tasks[i]?.resolve(outcome);
    sending ??= setImmediate(send);
  }

  function died(slot: Slot, jobThread: JobThread, code: FailureCode, message: string): void {
    if (jobThread.counters.isReady()) return replace(slot, code, message);
    // No job is to blame for a thread that could not be started: they stay due.
    const reason = `no thread can be started: ${message}`;
    for (const { resolve } of empty(slot)) resolve({ outcome: "paused", code, message: reason });
  }

  /** Ends the threads that have been at one job for too long. */
  function look(): void {
    const now = performance.now();
    for (const slot of slots) {
      const moves = slot.jobThread?.counters.moves() ?? 0;
      if (moves !== slot.moves) slot.movedAt = now;
      slot.moves = moves;
      const job = inProgress(slot)?.job;
      if (job === undefined) continue;
      const { seconds } = settings.forDataset(job.dataset).limits;
      const message = `not done within limits.seconds (${seconds} s)`;
      if (now - slot.movedAt > seconds * 1000 + GRACE_MS) replace(slot, "TIMEOUT", message);
    }
    if (slots.some(({ tasks }) => tasks.length > 0)) return;
    clearInterval(looking);
    looking = undefined;
  }

  /**
   * Replaces a dead or late thread. Its task in progress is to blame; the next thread does the
   * others.
   */
  function replace(slot: Slot, code: FailureCode, message: string): void {
    replacedCount += 1;
    const blamed = inProgress(slot);
    const ms = performance.now() - slot.movedAt;
    waiting.unshift(...empty(slot).filter((task) => task !== blamed));
    blamed?.resolve({ outcome: "failed", code, message, readBytes: 0, ms });
    sending ??= setImmediate(send);
  }

  /** Ends a slot's thread without waiting: it may hang in the kernel. Returns its tasks. */
  function empty(slot: Slot): Task[] {
    // Until it ends, it may go on to the next ones.
    const undone = slot.tasks.slice(doneOf(slot));
    for (const { job } of undone) ended.add(job.dataset);
    isClean = undone.length === 0 && wasClean();
    void slot.jobThread?.end();
    turnOf(turn, slot.thread).leave();
    crashMarks.clear(slot.thread);
    const { tasks, thread } = slot;
    Object.assign(slot, emptySlot(thread));
    return tasks;
  }

  function release(): void {
    for (const { resolve } of waiting.splice(0)) resolve({ outcome: "aborted" });
  }

  async function close(): Promise<void> {
    clearImmediate(sending);
    clearInterval(looking);
    sending = undefined;
    looking = undefined;
    for (const { resolve } of slots.flatMap(empty)) resolve({ outcome: "aborted" });
    release();
  }

  function takeEnded(): readonly string[] {
    const taken = [...ended];
    ended = new Set();
    return taken;
  }

  function wasClean(): boolean {
    return isClean && slots.every(({ jobThread }) => jobThread?.counters.hasLeft() !== true);
  }
}

/**
 * Sorts tasks by dataset: a thread holds a dataset's directories as long as the next job is of the
 * same one.
 */
function byDataset({ job: a }: Task, { job: b }: Task): number {
  return a.dataset < b.dataset ? -1 : Number(a.dataset > b.dataset);
}

function emptySlot(thread: number): Slot {
  return {
    thread,
    jobThread: undefined,
    tasks: [],
    answered: 0,
    moves: 0,
    movedAt: 0,
    atOnce: FIRST_AT_ONCE,
  };
}

function inProgress(slot: Slot): Task | undefined {
  return slot.tasks[doneOf(slot)];
}

/** Number of tasks that are done and whose outcomes have not come yet; the thread's count has 32 bits. */
function doneOf({ jobThread, answered }: Slot): number {
  return ((jobThread?.counters.done() ?? 0) - answered) | 0;
}
