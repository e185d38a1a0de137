import type { BrowsePage, Cursor, ListedEntry } from "../../store/rows.ts";
import { join } from "node:path";
import { html } from "hono/html";
import { shownOutcome } from "../../inspect/state-text.ts";
import type { DatasetStatus } from "../../inspect/status.ts";
import type { PageContext } from "../state.ts";
import {
  badge,
  cell,
  currentIf,
  datasetAddress,
  entryAddress,
  type Html,
  isolated,
  tableHtml,
  timeHtml,
} from "./layout.ts";
import { findingsHtml, findingsOf } from "./findings.ts";
import { placeIn, placePager, placeText } from "./paging.ts";
import { chosen, encoded, type Query, searched } from "./query.ts";
import { bytesText, countText, counted, durationText, formatText } from "../../lib/text.ts";
import { agoText, shortened } from "./text.ts";

/** Parameters of this view. */
export const filesQuery = ["outcome", "search", "after"] as const;

const PER_PAGE = 50;
/** The lists of a dataset's files. */
export const outcomes = ["sampled", "described", "failed", "waiting", "pruned"] as const;
type Wanted = {
  readonly dataset: string;
  /** The directory of the dataset. */
  readonly place: string;
  readonly outcome: (typeof outcomes)[number] | undefined;
  readonly search: string | undefined;
  readonly after: Cursor | undefined;
};

/** The files of a dataset, newest first. `now` is ms since epoch. @throws BadRequest */
export async function filesView(
  { store, settings }: Pick<PageContext, "store" | "settings">,
  status: DatasetStatus,
  query: Query,
  now: number,
): Promise<Html> {
  const { dataset } = status;
  const search = searched(query, "search");
  const outcome = chosen(query, "outcome", outcomes);
  const after = placeIn(query);
  const wanted: Wanted = { dataset, place: join(settings.prefix, dataset), outcome, search, after };
  const page = await (
    await store()
  ).queries.browse({
    dataset,
    limit: PER_PAGE,
    ...(outcome === undefined ? {} : { outcome }),
    ...(search === undefined ? {} : { search }),
    ...(after === undefined ? {} : { after }),
  });
  const findings = await findingsOf(settings, { dataset });
  return html`<h1>${isolated(dataset)}</h1>
    ${factsHtml(status)} ${findingsHtml(dataset, findings, now)} ${tabsHtml(status, wanted)}
    ${formHtml(wanted)}
    ${page.entries.length === 0 ? emptyHtml(wanted, status, page) : listHtml(page, wanted, now)}
    ${pagesHtml(page, wanted)}`;
}

function factsHtml({
  waiting,
  due,
  oldestDueSeconds,
  unreadBytes,
  rejected,
  dataset,
  off,
}: DatasetStatus): Html {
  const facts = [
    due > 0 ? html`${countText(due)} due now` : undefined,
    waiting > due ? html`${countText(waiting - due)} to be tried later` : undefined,
    oldestDueSeconds === null
      ? undefined
      : html`the oldest for ${durationText(oldestDueSeconds * 1000)}`,
    off === null ? undefined : html`gets no samples: ${off} by the configuration`,
    unreadBytes === null && off === null
      ? html`<span class="failed">its manifest cannot be looked at</span>`
      : undefined,
    (unreadBytes ?? 0) > 0
      ? html`${bytesText(unreadBytes ?? 0)} of its manifest unread`
      : undefined,
    rejected > 0
      ? html`<a href="/failures?dataset=${encoded(dataset)}&amp;code=LINE_INVALID"
          >${counted(rejected, "bad manifest line")}</a
        >`
      : undefined,
  ].filter((fact) => fact !== undefined);
  if (facts.length === 0)
    return html`<p class="muted">Nothing waits; its manifest is read to the end.</p>`;
  return html`<p class="muted">${facts.map((fact, i) => html`${i === 0 ? "" : " · "}${fact}`)}</p>`;
}

function tabsHtml(status: DatasetStatus, { dataset, outcome, search }: Wanted): Html {
  const tab = (what: Wanted["outcome"], text: string, count: number) =>
    html`<li>
      <a href="${datasetAddress(dataset, { outcome: what, search })}" ${currentIf(outcome === what)}
        >${text} <small>${countText(count)}</small></a
      >
    </li>`;
  const settled = status.sampled + status.described + status.failed + status.pruned;
  return html`<nav aria-label="Outcomes">
    <ul class="tabs">
      ${tab(undefined, "All", settled)}${outcomes.map((what) => tab(what, `${what[0]?.toUpperCase()}${what.slice(1)}`, status[what]))}
    </ul>
  </nav>`;
}

function formHtml({ dataset, outcome, search }: Wanted): Html {
  const kept =
    outcome === undefined
      ? html``
      : html`<input type="hidden" name="outcome" value="${outcome}" />`;
  const all =
    search === undefined
      ? html``
      : html`<a href="${datasetAddress(dataset, { outcome })}">All files</a>`;
  return html`<form method="get" action="${datasetAddress(dataset)}" role="search">
    <div class="field">
      <label for="search">Path contains</label
      ><input
        id="search"
        name="search"
        type="search"
        maxlength="1000"
        value="${search ?? ""}"
        autocomplete="off"
        spellcheck="false"
      />
    </div>
    ${kept}<button>Search</button>${all}
  </form>`;
}

function listHtml({ entries }: BrowsePage, wanted: Wanted, now: number): Html {
  const when = wanted.outcome === "waiting" ? "Next try" : "When";
  const order =
    wanted.outcome === "waiting" ? "what is tried next comes first" : "the newest come first";
  return tableHtml({
    label: "Files",
    note: html`${counted(entries.length, "file")}; ${order}.`,
    head: html`<th scope="col">File as it arrived</th>
      <th scope="col">Outcome</th>
      <th scope="col">Format</th>
      <th scope="col" class="n">Rows</th>
      <th scope="col" class="n">Sample</th>
      <th scope="col" class="n">Source</th>
      <th scope="col">${when}</th>`,
    rows: entries.map((entry) => rowHtml(entry, wanted, now)),
  });
}

function rowHtml(entry: ListedEntry, { outcome, search, place }: Wanted, now: number): Html {
  const { format, sample, rows, bytes, sourceSize } = entry;
  const href = entryAddress(entry, "/entry", { list: outcome, search });
  const raw = html`<span class="path">${isolated(entry.raw, 300)}</span>`;
  const name = href === undefined ? raw : html`<a href="${href}">${raw}</a>`;
  const time = outcome === "waiting" ? entry.nextAt : entry.at;
  const ms = time === null ? null : Date.parse(time);
  return html`<tr>
    <th scope="row" class="name">${name}${whyHtml(entry, place)}</th>
    ${cell("Outcome", outcomeBadges(entry))}
    ${cell("Format", format === null ? "" : isolated(formatText(format, sample)), "nowrap")}
    ${cell("Rows", rows === null ? "" : countText(rows), "n")}
    ${cell("Sample", bytes === null || sample === null ? "" : bytesText(bytes), "n")}
    ${cell("Source", sourceSize === null ? "" : bytesText(sourceSize), "n")}
    ${cell(outcome === "waiting" ? "Next try" : "When", ms === null ? "" : timeHtml(ms, agoText(ms, now)), "nowrap")}
  </tr>`;
}

function whyHtml({ outcome, code, message, reason }: ListedEntry, place: string): Html {
  if (outcome !== "failed") {
    return reason === null ? html`` : html`<span class="why">${isolated(reason, 200)}</span>`;
  }
  if (code === null)
    return html`<span class="why">The cache was rebuilt; its receipt says why.</span>`;
  return html`<span class="why"
    ><code>${code}</code> ${isolated(shortened(message ?? "", place), 300)}</span
  >`;
}

/** Badges for an entry's outcome, and for other facts about it. */
export function outcomeBadges(entry: ListedEntry): Html {
  const { outcome, waiting, stale, validation } = entry;
  const shown = shownOutcome(entry);
  const main = shown === null ? html`` : badge(shown);
  const word =
    outcome === null ? "waiting" : outcome === "failed" ? "to be retried" : "newer one due";
  const next = waiting ? badge("waiting", word) : html``;
  const old = stale ? badge("stale", "older sample") : html``;
  const isRefuted = validation === "failed" || validation === "error";
  const refuted = isRefuted ? badge("failed", `contract ${validation}`) : html``;
  return html`${main} ${next} ${old} ${refuted}`;
}

function emptyHtml(
  { search, outcome, after }: Wanted,
  status: DatasetStatus,
  page: BrowsePage,
): Html {
  if (search !== undefined && page.next !== null) {
    return html`<p>
      No “${isolated(search, 100)}” among the ${counted(page.looked, "file")} looked at so far;
      there are more.
    </p>`;
  }
  if (search !== undefined) {
    return html`<p>
      No ${outcome ?? ""} file has “${isolated(search, 100)}” in its
      path${after === undefined ? "" : " beyond this point"}.
    </p>`;
  }
  if (outcome === undefined && status.waiting > 0) {
    return html`<p>
      Nothing is done yet; ${counted(status.waiting, "file waits", "files wait")}.
    </p>`;
  }
  return html`<p>
    There ${after === undefined ? "are" : "are no more"}
    ${after === undefined ? "no " : ""}${outcome ?? ""}
    files${after === undefined ? "" : " after these"}.
  </p>`;
}

function pagesHtml({ next, looked, entries }: BrowsePage, wanted: Wanted): Html {
  const { dataset, outcome, search, after } = wanted;
  const isWaiting = outcome === "waiting";
  const isSearched = search !== undefined;
  const further = isWaiting ? "Later" : "Older";
  return placePager({
    after,
    next,
    to: (place) =>
      datasetAddress(dataset, {
        outcome,
        search,
        after: place === undefined ? undefined : placeText(place),
      }),
    first: isWaiting ? "First" : "Newest",
    further: isSearched && entries.length < PER_PAGE ? "Search on" : further,
    note: isSearched
      ? html`<span class="muted">${counted(looked, "file")} looked at</span>`
      : undefined,
  });
}
