import type { FailureCode } from "../errors.ts";

/** A dataset that has to wait, and why. */
export interface Wait {
  readonly dataset: string;
  readonly code: FailureCode;
  readonly message: string;
  /** Time at which the reason was last found, ms since epoch. */
  readonly at: number;
}

/** The datasets that wait, as passes find and leave them. */
export interface Waits {
  add(wait: Wait): void;
  /**
   * Notes that something of a dataset was settled: its samples and receipts can be written again.
   */
  settled(dataset: string): void;
  /** Notes that a pass over all datasets has ended; `begunAt` is ms since epoch. */
  passed(pass: { readonly begunAt: number; readonly isDrained: boolean }): void;
  all(): readonly Wait[];
}

const HOUR_MS = 3_600_000;
/**
 * Codes of waits that a settled entry does not end: that entry was in work before, or came another
 * way.
 */
const lasting: ReadonlySet<FailureCode> = new Set(["OVER_BUDGET", "MANIFEST_UNREADABLE"]);

/** Creates waits; nothing waits yet. */
export function createWaits(): Waits {
  const waits = new Map<string, Wait>();
  return {
    add: (wait) => void waits.set(wait.dataset, wait),
    settled(dataset) {
      const code = waits.get(dataset)?.code;
      if (code !== undefined && !lasting.has(code)) waits.delete(dataset);
    },
    passed({ begunAt, isDrained }) {
      for (const { dataset, code, at } of waits.values()) {
        // A budget is that of an hour by the clock; no pass asks for more of it before.
        const isOver =
          code === "OVER_BUDGET"
            ? Math.floor(at / HOUR_MS) !== Math.floor(begunAt / HOUR_MS)
            : // One that made way for new lines may not have come to all of them.
              isDrained && at < begunAt;
        if (isOver) waits.delete(dataset);
      }
    },
    all: () => [...waits.values()],
  };
}
