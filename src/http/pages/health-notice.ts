import { type Standing, type Verdict, verdictOf } from "../../inspect/health.ts";
import type { StatusReport } from "../../inspect/status.ts";
import type { DaemonState, PageContext } from "../state.ts";
import { healthOf, patienceOf } from "../server/health.ts";
import { isStoreFailure } from "../server/store-reader.ts";
import type { Notice } from "./layout.ts";

type Known = Pick<PageContext, "state" | "settings" | "heardAt">;

/** The facts while the cache cannot be read: none. */
const nothing = {
  running: null,
  passesWait: null,
  passFailure: null,
  lastPass: null,
  totals: { failed: 0, acknowledged: 0, lastMinute: 0, unreadBytes: 0 },
  datasets: [],
};

/**
 * The daemon's health, in the words of `status`: by what it reports of itself, and by the status
 * report or the reason why there is none. `now` is ms since epoch.
 */
export function wellnessOf(
  { state, settings, heardAt }: Known,
  report: StatusReport | Error,
  now: number,
): Verdict {
  const daemon = state();
  const known = report instanceof Error ? nothing : report;
  const { passesWait, passFailure } = daemon ?? known;
  const { totals, datasets } = known;
  const paused = daemon?.paused ?? [];
  const waits = new Map(
    paused.map(({ dataset, code, message }) => [dataset, `${code}: ${message}`]),
  );
  const standing: Standing = {
    isRunning: daemon !== undefined || known.running !== null,
    passesWait,
    passFailure,
    lastPass: daemon?.lastPass ?? known.lastPass,
    totals,
    datasets: datasets.map(({ dataset, due, oldestDueSeconds, waitsFor }) => ({
      dataset,
      due,
      oldestDueSeconds,
      waitsFor: waits.get(dataset) ?? waitsFor,
    })),
  };
  const verdict = verdictOf(standing, now, daemon && signsOf(daemon));
  const isUnknown = report instanceof Error && verdict.kind === "good";
  return isUnknown ? { word: "in trouble", kind: "bad", why: report.message } : verdict;

  function signsOf(of: DaemonState): NonNullable<Parameters<typeof verdictOf>[2]> {
    const patienceMs = patienceOf(settings);
    const { reason: fault } = healthOf({ state: of, heardAt: heardAt(), now, patienceMs });
    return { fault, isReady: of.isReady };
  }
}

/** Notices for every page: the daemon, or the cache, is not as it should be. */
export function noticesOf(context: Known, report: StatusReport | Error, now: number): Notice[] {
  const { kind, word, why } = wellnessOf(context, report, now);
  const notices: Notice[] = [];
  const isSaidBelow = report instanceof Error && why === report.message;
  if (kind === "bad" && !isSaidBelow) {
    notices.push({ kind: "bad", title: `The daemon is ${word}:`, text: `${why}.` });
  }
  if (report instanceof Error) {
    const title = isStoreFailure(report)
      ? "There is no cache to read:"
      : "It cannot be said how things are:";
    notices.push({ kind: "bad", title, text: report.message });
  } else if (report.running === null) {
    const text = "what is shown is how it left things; new files get no samples.";
    notices.push({ kind: "bad", title: "No daemon runs:", text });
  }
  return notices;
}
