import type { StatusReport } from "../../status.ts";
import type { AppContext } from "../app.ts";
import { healthOf, patienceOf } from "../health.ts";
import { isCacheError } from "../reader.ts";
import type { Notice } from "./layout.ts";

/** How the daemon is. */
export interface Wellness {
  readonly kind: "well" | "unwell" | "waiting";
  readonly word: string;
  /** What is wrong; empty where nothing is. */
  readonly why: string;
}

/** How the daemon is, as `/healthz` judges it; `now` is ms since epoch. */
export function wellnessOf(
  { state, settings, heardAt }: Pick<AppContext, "state" | "settings" | "heardAt">,
  now: number,
): Wellness {
  const daemon = state();
  const patienceMs = patienceOf(settings);
  const { reason } = healthOf({ state: daemon, heardAt: heardAt(), now, patienceMs });
  if (reason !== null) return { kind: "unwell", word: "not well", why: `${reason}.` };
  if (!daemon.isReady) {
    return { kind: "waiting", word: "starting", why: "The first pass has not begun." };
  }
  if (daemon.passesWait !== null) {
    return { kind: "waiting", word: "holding back", why: `Passes wait: ${daemon.passesWait}` };
  }
  return { kind: "well", word: daemon.pulse.resting ? "resting" : "working", why: "" };
}

/** What people have to know on every page: that the daemon, or the cache, is not as it should be. */
export function noticesOf(
  context: Pick<AppContext, "state" | "settings" | "heardAt">,
  report: StatusReport | Error,
  now: number,
): Notice[] {
  const { kind, why } = wellnessOf(context, now);
  const notices: Notice[] = [];
  if (kind === "unwell") {
    notices.push({ kind: "bad", title: "The daemon is not well:", text: why });
  }
  if (report instanceof Error) {
    const title = isCacheError(report)
      ? "There is no cache to read:"
      : "It cannot be said how things are:";
    notices.push({ kind: "bad", title, text: report.message });
  } else if (report.running === null) {
    const text = "what is shown is how it left things; new files get no samples.";
    notices.push({ kind: "bad", title: "No daemon runs:", text });
  }
  return notices;
}
