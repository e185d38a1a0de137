import type { NewestFailure } from "../../store/rows.ts";
import { join } from "node:path";
import { html } from "hono/html";
import { explained, type FailureCode, failureCodes } from "../../errors.ts";
import type { DatasetStatus, StatusReport } from "../../inspect/status.ts";
import type { PageContext } from "../state.ts";
import { badLinesHtml } from "./bad-lines.ts";
import { retryText } from "./code-help.ts";
import {
  cell,
  datasetAddress,
  entryAddress,
  type Html,
  isolated,
  tableHtml,
  timeHtml,
} from "./layout.ts";
import { moreLink } from "./paging.ts";
import { address, chosen, type Query, searched } from "./query.ts";
import { noDataset } from "./error-page.ts";
import { countText, counted } from "../../lib/text.ts";
import { agoText, shortened } from "./text.ts";

/** Parameters of this view. */
export const failuresQuery = ["dataset", "code"] as const;

const OF_EACH = 10;
const OF_ONE = 100;
/** Datasets that are offered to choose from. */
const MOST_OFFERED = 200;

interface Wanted {
  readonly prefix: string;
  readonly dataset: string | undefined;
  readonly code: FailureCode | undefined;
}

/**
 * The page of failures, by code, with advice, and of bad manifest lines.
 * @throws BadRequest, NoPage
 */
export async function failuresView(
  { store, settings }: Pick<PageContext, "store" | "settings">,
  { datasets, totals, failures }: StatusReport,
  query: Query,
  now: number,
): Promise<Html> {
  const { queries } = await store();
  const wanted: Wanted = {
    prefix: settings.prefix,
    dataset: searched(query, "dataset"),
    code: chosen(query, "code", failureCodes),
  };
  const of = datasets.filter(({ dataset }) => (wanted.dataset ?? dataset) === dataset);
  if (wanted.dataset !== undefined && of.length === 0) {
    throw noDataset(wanted.dataset);
  }
  const [one] = wanted.dataset === undefined ? [totals] : of;
  const { failed = 0, rejected = 0 } = one ?? {};
  const counts =
    wanted.dataset === undefined ? failures : await queries.countsByCode(wanted.dataset);
  const codes = counts.filter(({ code }) => (wanted.code ?? code) === code);
  const count = wanted.code === undefined ? OF_EACH : OF_ONE;
  const newest = await queries.newestFailures(of, { codes: codes.map(({ code }) => code), count });
  const hasLines = rejected > 0 && (wanted.code ?? "LINE_INVALID") === "LINE_INVALID";
  const lines = hasLines ? await queries.newestLines(count, wanted.dataset) : [];
  const more = moreWith("LINE_INVALID", rejected - lines.length, wanted);
  return html`<h1>Failures</h1>
    <p class="muted">
      ${counted(failed, "file")} failed, ${counted(rejected, "manifest line")}
      ${rejected === 1 ? "was" : "were"} no ${rejected === 1 ? "entry" : "entries"}.
    </p>
    ${formHtml(wanted, datasets)}
    ${unknownHtml(failed - counts.reduce((sum, { entries }) => sum + entries, 0))}
    ${codes.length === 0 && !hasLines ? noneHtml(wanted) : tocHtml(counts, rejected, wanted)}
    <div class="code-list">
      ${codes.map(({ code, entries }) => codeHtml({ code, entries, newest: newest.get(code) ?? [] }, wanted, now))}
      ${hasLines ? badLinesHtml({ newest: lines, count: rejected, more }, now) : html``}
    </div>`;
}

function formHtml({ dataset, code }: Wanted, datasets: readonly DatasetStatus[]): Html {
  const offered = datasets
    .filter(({ failed, rejected }) => failed + rejected > 0)
    .slice(0, MOST_OFFERED)
    .map((each) => html`<option value="${each.dataset}"></option>`);
  const choice = (value: string) =>
    html`<option value="${value}" ${value === code ? html` selected` : html``}>${value}</option>`;
  const isChosen = dataset !== undefined || code !== undefined;
  return html`<form method="get" action="/failures">
    <div class="field">
      <label for="dataset">Dataset</label
      ><input
        id="dataset"
        name="dataset"
        list="datasets"
        maxlength="1000"
        value="${dataset ?? ""}"
        placeholder="vendor/dataset/version"
        autocomplete="off"
        spellcheck="false"
      />
      <datalist id="datasets">${offered}</datalist>
    </div>
    <div class="field">
      <label for="code">Code</label
      ><select id="code" name="code">
        <option value="">all</option>
        ${entryCodes.map(choice)}
      </select>
    </div>
    <button>Show</button>${isChosen ? html`<a href="/failures">All failures</a>` : html``}
  </form>`;
}

/** Codes that entries and lines can have; the others are those of datasets and commands. */
const entryCodes: readonly FailureCode[] = [
  "FILE_MISSING",
  "FILE_UNREADABLE",
  "FILE_CHANGED",
  "TIMEOUT",
  "FORMAT_INVALID",
  "LIMIT_EXCEEDED",
  "PATH_REFUSED",
  "UNEXPECTED",
  "LINE_INVALID",
];

/** Failures without a code, which a cache knows from receipts that said no more. */
function unknownHtml(count: number): Html {
  if (count <= 0) return html``;
  return html`<p>
    Of ${counted(count, "file")} it is only known that ${count === 1 ? "it" : "they"} failed: the
    cache was rebuilt since. The receipts say why.
  </p>`;
}

function noneHtml({ dataset, code }: Wanted): Html {
  const where = dataset === undefined ? html`` : html` in ${isolated(dataset, 200)}`;
  return html`<p>Nothing failed${code === undefined ? "" : ` with ${code}`}${where}.</p>`;
}

function tocHtml(
  counts: readonly { readonly code: string; readonly entries: number }[],
  rejected: number,
  { dataset, code: current }: Wanted,
): Html {
  const lines = rejected > 0 ? [{ code: "LINE_INVALID", entries: rejected }] : [];
  const items = [...counts, ...lines].map(
    ({ code, entries }) =>
      html`<li>
        <a
          href="${address("/failures", { dataset, code })}"
          ${code === current ? html` aria-current="page"` : html``}
          >${code} <small>${countText(entries)}</small></a
        >
      </li>`,
  );
  return html`<nav aria-label="Codes">
    <ul class="tabs">
      ${items}
    </ul>
  </nav>`;
}

interface OfCode {
  readonly code: string;
  readonly entries: number;
  readonly newest: readonly NewestFailure[];
}

function codeHtml({ code, entries, newest }: OfCode, wanted: Wanted, now: number): Html {
  const { meaning, cure } = explained(code);
  const row = ({ dataset, raw, message, attempts, nextAt, at }: NewestFailure) => {
    const href = entryAddress({ dataset, raw }, "/entry", { list: "failed" });
    const path = html`<span class="path">${isolated(raw, 200)}</span>`;
    const name = href === undefined ? path : html`<a href="${href}">${path}</a>`;
    const next = nextAt === null ? null : Date.parse(nextAt);
    return html`<tr>
      <th scope="row" class="name">
        ${name}<span class="why"
          >${isolated(shortened(message ?? "", join(wanted.prefix, dataset)), 400)}</span
        >
      </th>
      ${cell("Dataset", html`<a href="${datasetAddress(dataset, { outcome: "failed" })}">${isolated(dataset)}</a>`, "name")}
      ${cell("Failed", at === null ? "" : timeHtml(Date.parse(at), agoText(Date.parse(at), now)), "nowrap")}
      ${cell("Tries", countText(attempts), "n")} ${cell("Next try", nextHtml(next, now), "nowrap")}
    </tr>`;
  };
  const table = tableHtml({
    label: `Files that failed with ${code}`,
    note: html`${countText(newest.length)} of
    ${countText(entries)}${newest.length < entries ? ", the newest that were found" : ""}.`,
    head: html`<th scope="col">File and message</th>
      <th scope="col">Dataset</th>
      <th scope="col">Failed</th>
      <th scope="col" class="n">Tries</th>
      <th scope="col">Next try</th>`,
    rows: newest.map(row),
  });
  return html`<section>
    <h2><code>${code}</code> <span class="muted">${counted(entries, "file")}</span></h2>
    <p>
      ${meaning} ${cure}
      <span class="muted">${Object.hasOwn(known, code) ? retryText(code as FailureCode) : ""}</span>
    </p>
    ${table} ${moreWith(code, entries - newest.length, wanted)}
  </section>`;
}

/** A link to more with a code, where there are more and those of others are shown, too. */
function moreWith(code: string, left: number, { dataset, code: only }: Wanted): Html {
  if (left <= 0 || only !== undefined) return html``;
  return moreLink(address("/failures", { dataset, code }), `More with ${code}`);
}

function nextHtml(next: number | null, now: number): Html | string {
  if (next === null) return html`<span class="failed">not by itself</span>`;
  return next <= now ? "now" : timeHtml(next, agoText(next, now));
}

const known = Object.fromEntries(failureCodes.map((code) => [code, true]));
