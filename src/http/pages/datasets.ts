import { html } from "hono/html";
import type { DatasetStatus, StatusReport } from "../../inspect/status.ts";
import type { Wait } from "../../store/waits.ts";
import { badge, cell, datasetAddress, type Html, isolated, tableHtml } from "./layout.ts";
import { barKey, outcomeBar } from "./outcome-bar.ts";
import { numberPager } from "./paging.ts";
import { address, chosen, numberIn, type Query, searched } from "./query.ts";
import { bytesText, countText, counted, durationText } from "../../lib/text.ts";

/** Parameters of this view. */
export const datasetsQuery = ["name", "sort", "page"] as const;

const PER_PAGE = 100;
const MOST_PAGES = 100_000;
const orders = [
  "worst",
  "name",
  "entries",
  "failed",
  "waiting",
  "oldest",
  "unread",
  "rejected",
] as const;
type Order = (typeof orders)[number];

/** The filter and order of the datasets to show. */
interface Wanted {
  readonly name: string | undefined;
  readonly order: Order;
  /** From 1. */
  readonly page: number;
}

/** All datasets, the worst first. @throws BadRequest */
export function datasetsView(
  { datasets, totals }: StatusReport,
  waits: ReadonlyMap<string, string>,
  query: Query,
): Html {
  const wanted: Wanted = {
    name: searched(query, "name"),
    order: chosen(query, "sort", orders) ?? "worst",
    page: numberIn(query, "page", { least: 1, most: MOST_PAGES }) ?? 1,
  };
  const part = wanted.name?.toLowerCase();
  const found = datasets.filter(
    ({ dataset }) => part === undefined || dataset.toLowerCase().includes(part),
  );
  const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
  const page = Math.min(wanted.page, pages);
  const from = (page - 1) * PER_PAGE;
  const rows = found.toSorted(comparison(wanted.order, waits)).slice(from, from + PER_PAGE);
  return html`<h2>Datasets</h2>
    <p class="muted">
      ${counted(datasets.length, "dataset")}, ${counted(totals.entries, "entry", "entries")}:
      ${countText(totals.sampled)} sampled, ${countText(totals.described)} described,
      ${countText(totals.failed)} failed, ${countText(totals.waiting)} waiting,
      ${countText(totals.pruned)} pruned.
    </p>
    ${datasets.length === 0 ? nothingYet() : html`${formHtml(wanted)}${listHtml(rows, waits, { ...wanted, page }, found.length)}${pagesHtml(wanted, page, pages)}`}`;
}

/** The reason of each dataset that waits: the daemon's word goes before the cache's memory. */
export function waitsIn(
  { datasets }: StatusReport,
  paused: readonly Wait[],
): ReadonlyMap<string, string> {
  const waits = new Map(paused.map((each) => [each.dataset, `${each.code}: ${each.message}`]));
  for (const { dataset, waitsFor } of datasets)
    if (waitsFor !== null && !waits.has(dataset)) waits.set(dataset, waitsFor);
  return waits;
}

function nothingYet(): Html {
  return html`<p>
    No dataset has been found yet. One is any directory <code>vendor/dataset/version</code> below
    the prefix that has a <code>manifests/processed.jsonl</code>.
  </p>`;
}

function formHtml({ name, order }: Wanted): Html {
  const sort =
    order === "worst" ? html`` : html`<input type="hidden" name="sort" value="${order}" />`;
  return html`<form method="get" action="/" role="search">
    <div class="field">
      <label for="name">Name contains</label
      ><input
        id="name"
        name="name"
        type="search"
        maxlength="1000"
        value="${name ?? ""}"
        autocomplete="off"
        spellcheck="false"
      />
    </div>
    ${sort}<button>Filter</button>${name === undefined ? html`` : html`<a href="${address("/", { sort: order === "worst" ? undefined : order })}">All datasets</a>`}
  </form>`;
}

function listHtml(
  rows: readonly DatasetStatus[],
  waits: ReadonlyMap<string, string>,
  wanted: Wanted,
  found: number,
): Html {
  if (found === 0)
    return html`<p>No dataset has “${isolated(wanted.name ?? "", 100)}” in its name.</p>`;
  const heading = (order: Order, text: string, kind = "n") => {
    const isCurrent = wanted.order === order;
    const sort = isCurrent
      ? html` aria-sort="${order === "name" ? "ascending" : "descending"}"`
      : html``;
    const href = address("/", { name: wanted.name, sort: isCurrent ? undefined : order });
    return html`<th scope="col" class="${kind}" ${sort}>
      <a href="${href}">${text}${isCurrent ? (order === "name" ? " ▲" : " ▼") : ""}</a>
    </th>`;
  };
  const first = (wanted.page - 1) * PER_PAGE + 1;
  const how = wanted.order === "worst" ? ", those that wait, fail or lag first" : "";
  return tableHtml({
    label: "Datasets",
    note: html`${countText(first)} to ${countText(first + rows.length - 1)} of
    ${countText(found)}${how}. ${barKey()}`,
    head: html`${heading("name", "Dataset", "")}
      <th scope="col">Outcomes</th>
      ${heading("failed", "Failed")}${heading("waiting", "Waiting")}${heading("oldest", "Oldest due")}${heading("entries", "Entries")}
      <th scope="col" class="n">Last minute</th>
      ${heading("unread", "Unread")}${heading("rejected", "Bad lines")}
      <th scope="col" class="n">Read</th>`,
    rows: rows.map((row) => rowHtml(row, waits.get(row.dataset))),
  });
}

function rowHtml(row: DatasetStatus, waitsFor: string | undefined): Html {
  const { dataset, entries, failed, waiting, oldestDueSeconds, unreadBytes, rejected, off } = row;
  const why =
    waitsFor === undefined
      ? html``
      : html`<span class="why">${badge("waiting", "waits")} ${isolated(waitsFor, 300)}</span>`;
  const failures = html`<a class="failed" href="${datasetAddress(dataset, { outcome: "failed" })}"
    >${countText(failed)}</a
  >`;
  const lines = html`<a href="${address("/failures", { dataset, code: "LINE_INVALID" })}"
    >${countText(rejected)}</a
  >`;
  const waits = html`<a href="${datasetAddress(dataset, { outcome: "waiting" })}"
    >${countText(waiting)}</a
  >`;
  const oldest = oldestDueSeconds === null ? "–" : durationText(oldestDueSeconds * 1000);
  return html`<tr>
    <th scope="row" class="name">
      <a href="${datasetAddress(dataset)}">${isolated(dataset)}</a>${why}
    </th>
    ${cell("Outcomes", outcomeBar(row))} ${cell("Failed", failed === 0 ? zero() : failures, "n")}
    ${cell("Waiting", waiting === 0 ? zero() : waits, "n")} ${cell("Oldest due", oldest, "n")}
    ${cell("Entries", countText(entries), "n")}
    ${cell("Last minute", row.lastMinute === 0 ? zero() : countText(row.lastMinute), "n")}
    ${cell("Unread", off === null ? unreadText(unreadBytes) : html`<span class="muted">${off}</span>`, "n")}
    ${cell("Bad lines", rejected === 0 ? zero() : lines, "n")}
    ${cell("Read", bytesText(row.readBytes), "n")}
  </tr>`;
}

function zero(): Html {
  return html`<span class="zero">0</span>`;
}

function unreadText(bytes: number | null): Html {
  if (bytes === null)
    return html`<span class="waiting" title="The manifest cannot be looked at">unknown</span>`;
  return bytes === 0 ? zero() : html`${bytesText(bytes)}`;
}

function pagesHtml({ name, order }: Wanted, page: number, pages: number): Html {
  const to = (n: number) =>
    address("/", {
      name,
      sort: order === "worst" ? undefined : order,
      page: n === 1 ? undefined : n,
    });
  return numberPager({ page, pages, to });
}

/** Compares datasets by the order that was asked for, and by name where they are equal in it. */
function comparison(
  order: Order,
  waits: ReadonlyMap<string, string>,
): (a: DatasetStatus, b: DatasetStatus) => number {
  const pause = ({ dataset }: DatasetStatus) => (waits.has(dataset) ? 1 : 0);
  const oldest = (row: DatasetStatus) => row.oldestDueSeconds ?? -1;
  const keys: Readonly<Record<Order, readonly ((row: DatasetStatus) => number)[]>> = {
    worst: [
      pause,
      ({ failed }) => failed,
      oldest,
      ({ waiting }) => waiting,
      ({ rejected }) => rejected,
    ],
    name: [],
    entries: [({ entries }) => entries],
    failed: [({ failed }) => failed],
    waiting: [({ waiting }) => waiting],
    oldest: [oldest],
    unread: [({ unreadBytes, off }) => unreadBytes ?? (off === null ? Number.MAX_VALUE : 0)],
    rejected: [({ rejected }) => rejected],
  };
  return (a, b) => {
    for (const key of keys[order]) {
      const difference = key(b) - key(a);
      if (difference !== 0) return difference;
    }
    return a.dataset < b.dataset ? -1 : 1;
  };
}
