import { constants, fstatSync, openSync, writeSync } from "node:fs";

/** The output of a log. */
export interface LogLines {
  /** Writes a line, with its line feed, or keeps it for later, or drops it. Never waits for long. */
  write(line: string): void;
}

/** Characters of lines that are kept while they cannot be written; the others are dropped. */
const KEPT = 256 * 1024;
/** Time until kept lines are tried again, ms. */
const RETRY_MS = 200;
/** Time before which a further line does not try them again, ms. */
const NAP_MS = 5;
/** Time in which a reader that took something counts as only slow, and is waited for, ms. */
const SLOW_MS = 500;
const neverSet = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes lines to a descriptor, in order, and never waits for long: nobody may read the pipe, or no
 * longer, or the disk may be full. `onDropped` is called with the number of lines that were
 * dropped, once there is room.
 */
export function openLogLines(fd: number, onDropped: (lines: number) => void): LogLines {
  const out = withoutWaiting(fd);
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let dropped = 0;
  /** Time at which a byte was last taken, and at which last none was, ms. */
  let tookAt = -Infinity;
  let refusedAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;
  process.on("exit", () => {
    flush();
    waitFor(0);
  });
  return { write };

  function write(line: string): void {
    if (keptBytes > KEPT) waitFor(KEPT);
    if (keptBytes > KEPT) dropped += 1;
    else keep(Buffer.from(line));
    if (performance.now() - refusedAt > NAP_MS) flush();
  }

  function keep(line: Buffer): void {
    kept.push(line);
    keptBytes += line.length;
  }

  /** Writes as much as possible, beginning with the rest of a line that was begun. */
  function flush(): void {
    clearTimeout(timer);
    while (kept.length > 0 && writeFirst());
    if (kept.length > 0) timer = setTimeout(flush, RETRY_MS).unref();
    else if (dropped > 0) tellDropped();
  }

  function writeFirst(): boolean {
    const line = kept[0] as Buffer;
    let written = 0;
    try {
      written = writeSync(out, line);
    } catch {
      // Full, or nobody reads: there is no other place to tell it.
    }
    if (written === 0) {
      refusedAt = performance.now();
      return false;
    }
    tookAt = performance.now();
    keptBytes -= written;
    if (written < line.length) kept[0] = line.subarray(written);
    else kept.shift();
    return true;
  }

  function tellDropped(): void {
    const lines = dropped;
    dropped = 0;
    onDropped(lines);
  }

  /** Waits until no more than this many bytes are kept, as long as somebody reads. */
  function waitFor(bytes: number): void {
    for (;;) {
      if (keptBytes <= bytes || performance.now() - tookAt > SLOW_MS) return;
      Atomics.wait(neverSet, 0, 0, NAP_MS);
      flush();
    }
  }
}

/**
 * Opens the same pipe or terminal once more, so that writing never waits, and nobody else who
 * shares it is affected. Node has already done so for those that cannot be opened a second time,
 * such as a socket.
 */
function withoutWaiting(fd: number): number {
  if (fstatSync(fd).isFile()) return fd;
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return fd;
  }
}
