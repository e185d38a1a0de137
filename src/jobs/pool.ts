import type { FailureCode } from "../errors.ts";
import { type Lane, startLane } from "./lane.ts";
import type { Settings } from "../config/settings.ts";
import type { InWork } from "./in-work.ts";
import type { Handle, Job, Outcome } from "../types.ts";

/** A Handle that does jobs apart from us, so that one file can be stopped and costs no other. */
export interface WorkerPool {
  readonly handle: Handle;
  /** Ends all lanes; what is in flight is abandoned. */
  close(): Promise<void>;
  /** False once a lane ended in the middle of a job, or could not remove what it had begun to write. */
  wasClean(): boolean;
}

interface Task {
  readonly job: Job;
  readonly resolve: (outcome: Outcome) => void;
}

/** A place for a lane; the lane is started when it is needed, and again when it died. */
interface Slot {
  lane: Lane | undefined;
  /** In the order in which they are done; the first one is in work. */
  readonly tasks: Task[];
  timer: NodeJS.Timeout | undefined;
  /** When the first of them was begun, ms of `performance.now`. */
  begunAt: number;
}

/** A lane stops itself at `limits.seconds`; one that does not is ended this much later. */
const GRACE_MS = 2000;
const worker = new URL(
  `./worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/**
 * As many threads as are configured. `inWork` tells what each of them is at; `program` is what
 * they run.
 */
export function createWorkerPool(settings: Settings, inWork: InWork, program = worker): WorkerPool {
  const slots = Array.from({ length: settings.drain.threads }, emptySlot);
  const stops = new WeakSet<AbortSignal>();
  let isClean = true;

  function handle(job: Job, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return Promise.resolve({ outcome: "abandoned" });
    if (!stops.has(signal)) signal.addEventListener("abort", () => void close(), { once: true });
    stops.add(signal);
    return new Promise((resolve) => {
      const least = Math.min(...slots.map(({ tasks }) => tasks.length));
      give(slots.find(({ tasks }) => tasks.length === least) as Slot, { job, resolve });
    });
  }

  function give(slot: Slot, task: Task): void {
    slot.lane ??= startIn(slot);
    slot.tasks.push(task);
    slot.lane.post(task.job);
    if (slot.tasks.length === 1) watchOver(slot);
  }

  function startIn(slot: Slot): Lane {
    const isOurs = () => slot.lane === lane;
    const { path } = inWork;
    const data = { origin: settings.origin, inWork: path, thread: slots.indexOf(slot) };
    const lane = startLane(program, data, {
      onAnswer: (outcome) => void (isOurs() && answered(slot, outcome)),
      onLeft: () => void (isClean = false),
      onDeath: (code, message, wasReady) => {
        if (!isOurs()) return;
        if (wasReady) replace(slot, code, message);
        else giveBack(slot, code, `no thread can be started: ${message}`);
      },
    });
    return lane;
  }

  function answered(slot: Slot, outcome: Outcome): void {
    const task = slot.tasks.shift();
    watchOver(slot);
    task?.resolve(outcome);
  }

  function watchOver(slot: Slot): void {
    clearTimeout(slot.timer);
    const job = slot.tasks[0]?.job;
    if (job === undefined) return inWork.clear(slots.indexOf(slot));
    slot.begunAt = performance.now();
    const { seconds } = settings.forDataset(job.dataset).limits;
    const message = `not done within limits.seconds (${seconds} s)`;
    slot.timer = setTimeout(() => replace(slot, "TIMEOUT", message), seconds * 1000 + GRACE_MS);
  }

  /** The first task of a dead or late lane is to blame; the others are done by the next one. */
  function replace(slot: Slot, code: FailureCode, message: string): void {
    const [first, ...others] = empty(slot);
    inWork.clear(slots.indexOf(slot));
    if (first !== undefined) isClean = false;
    const ms = performance.now() - slot.begunAt;
    first?.resolve({ outcome: "failed", code, message, readBytes: 0, ms });
    for (const task of others) give(slot, task);
  }

  async function close(): Promise<void> {
    const tasks = slots.flatMap(empty);
    for (const thread of slots.keys()) inWork.clear(thread);
    if (tasks.length > 0) isClean = false;
    for (const { resolve } of tasks) resolve({ outcome: "abandoned" });
  }

  return { handle, close, wasClean: () => isClean };
}

/** No job is to blame for a thread that could not be started: they stay due. */
function giveBack(slot: Slot, code: FailureCode, message: string): void {
  for (const { resolve } of empty(slot)) resolve({ outcome: "paused", code, message });
}

function emptySlot(): Slot {
  return { lane: undefined, tasks: [], timer: undefined, begunAt: 0 };
}

/** Ends a slot's lane without waiting: it may hang in the kernel. Returns its tasks. */
function empty(slot: Slot): Task[] {
  clearTimeout(slot.timer);
  void slot.lane?.end();
  slot.lane = undefined;
  return slot.tasks.splice(0);
}
