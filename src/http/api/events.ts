import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { LiveRun } from "./background.ts";

/** Time between two events about one run, ms: a person's eye needs no more. */
const EVENT_MS = 200;
/** Time without an event after which a comment keeps the connection, ms. */
const COMMENT_MS = 15_000;

/** Answers with the progress of a run as Server-Sent Events, and at the end with the run itself. */
export function eventsOf(
  c: Context,
  live: LiveRun | undefined,
  last: () => Promise<object>,
): Response {
  return streamSSE(c, async (stream) => {
    const comments = setInterval(() => void stream.write(": still here\n\n"), COMMENT_MS);
    try {
      for await (const progress of changesOf(live)) {
        if (stream.aborted) return;
        await stream.writeSSE({ event: "progress", data: JSON.stringify(progress) });
      }
      await stream.writeSSE({ event: "run", data: JSON.stringify(await last()) });
    } finally {
      clearInterval(comments);
    }
  });
}

/** The files of a run that have changed, now and then until it has ended. */
async function* changesOf(live: LiveRun | undefined): AsyncGenerator<object, void, void> {
  if (live === undefined) return;
  const told = new Map<string, string>();
  let at = -Infinity;
  for await (const progress of live.progress.values()) {
    if (performance.now() - at < EVENT_MS) continue;
    at = performance.now();
    for (const [name, { phase, bytes, size }] of progress) {
      const now = `${phase} ${bytes} ${size}`;
      if (told.get(name) === now) continue;
      told.set(name, now);
      yield { name, phase, bytes, size: size ?? null };
    }
  }
  await live.ended;
}
