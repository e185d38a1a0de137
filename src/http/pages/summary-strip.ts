import { SILENT_SECONDS } from "../../store/types.ts";
import { html } from "hono/html";
import type { StatusReport } from "../../inspect/status.ts";
import type { Verdict } from "../../inspect/health.ts";
import type { DaemonState } from "../state.ts";
import { badge, type Html, isolated, timeHtml } from "./layout.ts";
import { bytesText, countText, counted, durationText } from "../../lib/text.ts";
import { agoText } from "./text.ts";

/** The classes of badges. */
const badges = { good: "well", wait: "waiting", bad: "unwell" } as const;

/** The facts of the strip. */
export interface StripFacts {
  /** undefined where the page is served without a daemon. */
  readonly state: DaemonState | undefined;
  readonly wellness: Verdict;
  /** undefined while there is no cache. */
  readonly status: StatusReport | undefined;
  /** ms since epoch. */
  readonly now: number;
}

/** The daemon at a glance. */
export function stripHtml(facts: StripFacts): Html {
  const { state, wellness, status, now } = facts;
  const last = state?.lastPass ?? status?.lastPass ?? null;
  return html`<section class="strip" aria-label="The daemon">
    <dl>
      ${fact("Daemon", stateHtml(facts))} ${fact("Backlog", backlogHtml(status))}
      ${fact("Oldest due", oldestHtml(status))} ${fact("Files settled", rateHtml(status))}
      ${status === undefined || status.hosts.length === 0 ? "" : fact("Hosts", hostsHtml(status))}
      ${state === undefined ? html`` : fact("Read since start", readHtml(state))}
      ${fact("Last pass", last === null ? html`none yet` : lastPassHtml(last, now))}
    </dl>
    <p class="small">${whyHtml(state?.paused ?? [], wellness)}</p>
  </section>`;
}

function fact(label: string, value: Html): Html {
  return html`<div>
    <dt>${label}</dt>
    <dd>${value}</dd>
  </div>`;
}

function stateHtml({ state, wellness: { kind, word }, status, now }: StripFacts): Html {
  const pid = state?.pid ?? status?.running?.pid;
  const since = state === undefined ? "" : `, for ${durationText(now - state.startedAt)}`;
  const which = pid === undefined ? html`none runs here` : html`pid ${pid}${since}`;
  return html`${badge(badges[kind], word)}<small>${which}</small>`;
}

function readHtml({ work }: DaemonState): Html {
  return html`${bytesText(work.readBytes)}<small
      >${bytesText(work.writtenBytes)} of samples written</small
    >`;
}

function hostsHtml({ hosts }: StatusReport): Html {
  const each = hosts.map(({ host, pid, lanes, silentSeconds }) => {
    const does = silentSeconds < SILENT_SECONDS ? `${lanes} of 64 lanes` : "not heard of";
    return `${host} (pid ${pid}): ${does}`;
  });
  return html`${countText(hosts.length)}<small>${isolated(each.join("; "), 500)}</small>`;
}

/** The reason for the verdict; nothing, and no room for it, where all is well. */
function whyHtml(paused: DaemonState["paused"], { why, kind }: Verdict): Html {
  const waits = counted(paused.length, "dataset waits", "datasets wait");
  const reason = kind === "good" ? html`` : html`<strong>${isolated(why, 500)}.</strong> `;
  return html`${reason}${paused.length === 0 ? "" : `${waits}, as the table says.`}`;
}

function backlogHtml(status: StatusReport | undefined): Html {
  if (status === undefined) return html`unknown`;
  const { due, waiting, unreadBytes } = status.totals;
  const later = waiting > due ? html`${countText(waiting - due)} to be tried later` : html``;
  const unread =
    (unreadBytes ?? 0) > 0 ? html`${bytesText(unreadBytes ?? 0)} of manifests unread` : html``;
  const comma = waiting > due && (unreadBytes ?? 0) > 0 ? ", " : "";
  return html`${counted(due, "file")}<small>${later}${comma}${unread}</small>`;
}

function oldestHtml(status: StatusReport | undefined): Html {
  const seconds = status?.totals.oldestDueSeconds;
  if (seconds === undefined) return html`unknown`;
  return seconds === null
    ? html`<span class="zero">none</span>`
    : html`${durationText(seconds * 1000)}`;
}

function rateHtml(status: StatusReport | undefined): Html {
  if (status === undefined) return html`unknown`;
  const { lastMinute } = status.totals;
  const rate = lastMinute / 60;
  const text = lastMinute === 0 ? "0" : rate < 10 ? rate.toFixed(1) : countText(Math.round(rate));
  return html`${text} /s<small>${countText(lastMinute)} in the last minute</small>`;
}

function lastPassHtml(pass: NonNullable<DaemonState["lastPass"]>, now: number): Html {
  const { at, ms, sampled, described, failed, paused, errors } = pass;
  const began = Date.parse(at);
  const trouble = [
    paused > 0 ? `, ${counted(paused, "dataset")} waiting` : "",
    errors > 0 ? `, ${counted(errors, "error")}` : "",
  ].join("");
  return html`${timeHtml(began, agoText(began, now))}<small
      >${durationText(ms)}: ${countText(sampled)} sampled,
      ${described === 0 ? "" : `${countText(described)} described, `}${countText(failed)}
      failed${trouble}</small
    >`;
}
