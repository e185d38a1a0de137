import type { Log } from "../../log/log.ts";
import type { Notify } from "./notify.ts";
import type { LivenessTracker } from "../liveness.ts";
import { type Standing, statusLine } from "./status-line.ts";
import { feedWatchdog } from "./watchdog.ts";
import type { Queries } from "../../store/queries.ts";

/** The daemon as systemd and `systemctl status` see it. */
export interface Reporter {
  /** Notes that the start makes progress; it may take longer than the unit says. */
  starts(): void;
  /** Notes that the first pass can begin. */
  ready(): void;
  reloading(): void;
  /** Notes that a configuration was read again; `refusal` says why the old one stays. */
  reloaded(refusal?: string): void;
  /** Notes that the daemon ends, in this many ms at the most. */
  stopping(withinMs: number): void;
  /** Notes the reason why passes wait; undefined when they go on. */
  waits(reason: string | undefined): void;
  /** Notes that a pass has ended; `trouble` says what was wrong with it. */
  passed(trouble: string | undefined): void;
  /** Notes that an entry was settled. */
  settled(): void;
  /** Notes that the number of due entries may have changed. */
  changed(): void;
  end(): void;
}

/** Options of `createReporter`. */
export interface ReporterOptions {
  readonly queries: Pick<Queries, "backlog">;
  readonly log: Log;
  readonly notify: Notify;
  readonly liveness: LivenessTracker;
  /** Longest time that one file may take, ms. */
  readonly longestJobMs: () => number;
  /** True when a dataset gets samples now; due entries of others do not wait. */
  readonly isSampled: (dataset: string) => boolean;
}

/** Minimum time between two status lines, ms. */
const LINE_MS = 1000;
/** Share of the time that counting due entries may take. */
const SHARE = 1 / 50;
/** While starting, systemd is asked for EXTEND_MS more every EXTENDS_MS. */
const EXTENDS_MS = 5000;
const EXTEND_MS = 120_000;

/** Creates a reporter. It feeds the watchdog, where there is one, until `end`. */
export function createReporter(options: ReporterOptions): Reporter {
  const { queries, log, notify, liveness, longestJobMs, isSampled } = options;
  let passesWait: string | undefined;
  let refusal: string | undefined;
  let trouble: string | undefined;
  let waiting = 0;
  let done = 0;
  let last = "";
  let lastAt = performance.now();
  let pauseMs = LINE_MS;
  let timer: NodeJS.Timeout | undefined;
  let isHung = false;
  let hasEnded = false;
  const stopFeeding = feedWatchdog({ notify, liveness, longestJobMs, onHang });

  return {
    starts: createExtension(notify),
    ready: () => void tellReady(),
    reloading: () => notify.send({ state: "reloading" }),
    reloaded(why) {
      refusal = why;
      void tellReady();
    },
    stopping(withinMs) {
      end();
      notify.send({ state: "stopping", status: "stopping", extendMs: withinMs });
    },
    waits(reason) {
      passesWait = reason;
      changed();
    },
    passed(found) {
      trouble = found;
      changed();
    },
    settled() {
      done += 1;
      changed();
    },
    changed,
    end() {
      end();
      stopFeeding();
    },
  };

  function changed(): void {
    if (!notify.isWanted || timer !== undefined) return;
    timer = setTimeout(
      () => void tell(),
      Math.max(0, lastAt + pauseMs - performance.now()),
    ).unref();
  }

  function end(): void {
    hasEnded = true;
    clearTimeout(timer);
    timer = undefined;
  }

  async function tellReady(): Promise<void> {
    const status = await line();
    if (!hasEnded) notify.send({ state: "ready", status });
  }

  async function tell(): Promise<void> {
    timer = undefined;
    const before = last;
    const hasRate = done > 0;
    const status = await line();
    if (hasEnded) return;
    if (last !== before) notify.send({ status });
    // Once more, to say that no more are done, or for how long the oldest waits.
    if (hasRate || waiting > 0) changed();
  }

  async function line(): Promise<string> {
    if (!notify.isWanted) return "";
    const begun = performance.now();
    const rate = (1000 * done) / Math.max(begun - lastAt, 1);
    const counted = await queries.backlog(Date.now(), isSampled);
    const standing: Standing = { backlog: counted, rate, passesWait, trouble, refusal };
    waiting = counted.entries;
    done = 0;
    last = statusLine(standing, Date.now());
    lastAt = performance.now();
    pauseMs = Math.max(LINE_MS, (lastAt - begun) / SHARE);
    return last;
  }

  function onHang(stalledMs: number): void {
    const seconds = Math.round(stalledMs / 1000);
    last = `nothing was done for ${seconds} s: systemd is to start it again`;
    notify.send({ status: last });
    if (!isHung) log.error({ seconds }, "nothing is done any more; the watchdog is left to starve");
    isHung = true;
  }
}

/** Creates the function that asks for more time to start, now and then. */
function createExtension(notify: Notify): () => void {
  let askedAt = -Infinity;
  return () => {
    if (performance.now() - askedAt < EXTENDS_MS) return;
    askedAt = performance.now();
    notify.send({ extendMs: EXTEND_MS });
  };
}
