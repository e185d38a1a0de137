import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../command.ts";

/** Size of a terminal, in characters. */
export interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** The alternate screen, without cursor and without wrapped lines; and back. */
const OPEN = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const CLOSE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
const endings = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Shows something again and again, every `everyMs`, until a signal ends it. On a terminal it stays
 * in place, and is shown again when the size changes; `show` gets the size. Elsewhere one block
 * follows another. However this ends, the terminal is then as it was before.
 */
export async function watch(
  show: (size: Size | undefined) => Promise<string>,
  everyMs: number,
  { out }: Pick<Context, "out">,
): Promise<void> {
  const stop = new AbortController();
  const end = () => stop.abort();
  const suspend = () => {
    out.write(CLOSE);
    process.kill(process.pid, "SIGSTOP");
  };
  const resume = () => {
    out.write(OPEN);
    out.emit("resize");
  };
  for (const signal of endings) process.on(signal, end);
  if (out.isTTY) {
    process.on("SIGTSTP", suspend).on("SIGCONT", resume);
    out.write(OPEN);
  }
  try {
    while (!stop.signal.aborted) {
      if (out.isTTY) out.write(frame(await show({ rows: out.rows, columns: out.columns }), out));
      else out.write(await show(undefined));
      await pause(everyMs, out, stop.signal);
    }
  } finally {
    if (out.isTTY) out.write(CLOSE);
    process.off("SIGTSTP", suspend).off("SIGCONT", resume);
    for (const signal of endings) process.off(signal, end);
  }
}

/** The whole screen in one write, over the old one, so that nothing flickers. */
function frame(text: string, { rows }: Size): string {
  const lines = text.split("\n").slice(0, rows);
  return `\u001b[H${lines.map((line) => `${line}\u001b[K`).join("\n")}\u001b[J`;
}

async function pause(ms: number, out: NodeJS.WriteStream, stopped: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([stopped, over.signal]);
  const events = [sleep(ms, undefined, { signal }), once(out, "resize", { signal })];
  await Promise.race(events.map((event) => event.catch(() => undefined)));
  over.abort();
}
