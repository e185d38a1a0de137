import { readFileSync } from "node:fs";

/** Counts events that come without a pause. */
export interface Burst {
  /** Counts one; true once the kernel may have dropped some. */
  isOverflow(): boolean;
}

const QUEUE_FILE = "/proc/sys/fs/inotify/max_queued_events";
const USUAL_QUEUE = 16_384;

/**
 * Creates a counter. The kernel holds a limited number of events for a process and drops the rest,
 * and Node does not tell that it did. Held events come in one turn of the event loop. Not all of
 * them reach us, so half of that number counts as all.
 */
export function createBurst(): Burst {
  const most = queueLength() / 2;
  let events = 0;
  return {
    isOverflow() {
      if (events === 0) setImmediate(() => (events = 0));
      events += 1;
      return events >= most;
    },
  };
}

function queueLength(): number {
  try {
    return Number(readFileSync(QUEUE_FILE, "utf8")) || USUAL_QUEUE;
  } catch {
    return USUAL_QUEUE;
  }
}
