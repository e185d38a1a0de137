import type { PassEvent } from "../sampling/events.ts";
import type { PassResult } from "../sampling/pass.ts";
import type { PassSummary } from "../store/types.ts";
import { createWaits } from "../store/waits.ts";
import { addEvent, addSeconds, emptyWork, PASS_BUCKETS } from "./counters.ts";
import type { DaemonState } from "./state.ts";

/** Counts the work of passes since the daemon began, folded from their events. */
export interface Observed {
  event(event: PassEvent): void;
  /** Notes that a pass over all datasets has ended. */
  pass(result: Pick<PassResult, "summary" | "isDrained">): void;
  state(): Pick<DaemonState, "paused" | "lastPass" | "lastGoodPassAt" | "work">;
}

/** Creates the counts; nothing was done yet. */
export function createObserved(): Observed {
  const work = emptyWork();
  const waits = createWaits();
  let lastPass: PassSummary | null = null;
  let lastGoodPassAt: number | null = null;
  return {
    event(event) {
      addEvent(work, event);
      if (event.type === "paused") {
        const { where: dataset, code, message } = event;
        waits.add({ dataset, code, message, at: Date.now() });
      } else if (event.type === "settled") waits.settled(event.settled.claim.job.dataset);
    },
    pass({ summary, isDrained }) {
      lastPass = summary;
      addSeconds(work.passes, PASS_BUCKETS, summary.ms / 1000);
      const begun = Date.parse(summary.at);
      waits.passed({ begunAt: begun, isDrained });
      const isHeld = waits.all().some(({ code }) => code !== "OVER_BUDGET");
      if (summary.errors === 0 && !isHeld) lastGoodPassAt = begun + summary.ms;
    },
    state: () => ({ paused: waits.all(), lastPass, lastGoodPassAt, work }),
  };
}
