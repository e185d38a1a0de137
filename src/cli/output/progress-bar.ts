import type { Context } from "../command.ts";
import { countText, durationText, printable } from "../../lib/text.ts";
import { tell } from "./print.ts";

/** Shows the progress of something. */
export interface Bar {
  /**
   * Notes the part that is done. `total` is called only when the bar is shown; undefined where it
   * is not known. `note` stands behind what is counted.
   */
  update(done: number, total: () => number | undefined, note?: string): void;
  /** Writes a line that stays, above the bar; without control characters. */
  say(line: string): void;
  /** Removes the bar; a further update shows it again. */
  end(): void;
}

/** Time between two drawings of a bar on a terminal, ms. */
const REDRAW_MS = 100;
/** Duration of work below which no progress is shown without a terminal, ms. */
const SHORT_MS = 3000;
/** Time before the first line without a terminal, ms; later lines are rarer. */
const LINE_MS = 5000;
/** Time over which the rate is measured, ms. */
const RATE_MS = 10_000;
const BLOCKS = 24;
/** Bytes of unread lines that are kept; lines beyond that are dropped. */
const UNREAD_BYTES = 1024 ** 2;

/**
 * Creates a bar on stderr: on a terminal one line that is drawn again and again; elsewhere plain
 * lines every few seconds, and none for work that is done soon. `what` is counted; `clock` gives
 * ms.
 */
export function createBar(
  { err, env }: Pick<Context, "err" | "env">,
  what: string,
  clock: () => number = () => performance.now(),
): Bar {
  const isLive = err.isTTY && env["TERM"] !== "dumb";
  const began = clock();
  const points = [{ at: began, done: 0 }];
  let nextAt = isLive ? began : began + SHORT_MS;
  let isDrawn = false;

  function end(): void {
    if (isDrawn) err.write("\r\u001b[K");
    isDrawn = false;
  }

  /** Units a second; undefined before it can be measured. */
  function rateAt(at: number, done: number): number | undefined {
    while (points.length > 1 && (points[1]?.at ?? at) < at - RATE_MS) points.shift();
    const [from] = points;
    points.push({ at, done });
    return from === undefined || at <= from.at || done <= from.done
      ? undefined
      : ((done - from.done) / (at - from.at)) * 1000;
  }

  return {
    end,
    say(line) {
      end();
      if (err.writableLength < UNREAD_BYTES) tell({ err }, printable(line));
      if (isLive) nextAt = began;
    },
    update(done, totalOf, note = "") {
      const now = clock();
      if (now < nextAt) return;
      const total = totalOf();
      const text = progressText({ done, total, what: what + note, rate: rateAt(now, done) });
      if (isLive) {
        const line = `${blocksOf(done, total)}${text}`.slice(0, (err.columns || 80) - 1);
        err.write(`\r${line}\u001b[K`);
        isDrawn = true;
        nextAt = now + REDRAW_MS;
      } else {
        err.write(`${text}\n`);
        nextAt = now + Math.max(LINE_MS, (now - began) / 20);
      }
    },
  };
}

/** `12,000 of 100,000 files, 4,100/s, 21 s left`; unknown parts are left out. */
export function progressText({
  done,
  total,
  what,
  rate,
}: {
  readonly done: number;
  readonly total: number | undefined;
  readonly what: string;
  /** Units a second. */
  readonly rate: number | undefined;
}): string {
  const of = total === undefined ? "" : ` of ${countText(Math.max(total, done))}`;
  const pace = rate === undefined ? "" : `, ${rateText(rate)}/s`;
  const left = rate === undefined || total === undefined ? 0 : (total - done) / rate;
  const time = left <= 0 ? "" : `, ${durationText(Math.ceil(left) * 1000)} left`;
  return `${countText(done)}${of} ${what}${pace}${time}`;
}

function rateText(rate: number): string {
  return rate < 10 ? rate.toFixed(1) : countText(Math.round(rate));
}

function blocksOf(done: number, total: number | undefined): string {
  if (total === undefined || total === 0) return "";
  const share = Math.min(1, done / total);
  const full = Math.floor(share * BLOCKS);
  const percent = `${Math.floor(share * 100)}`.padStart(3);
  return `${"█".repeat(full)}${"░".repeat(BLOCKS - full)} ${percent}% `;
}
