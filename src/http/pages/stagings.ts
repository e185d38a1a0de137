import { html } from "hono/html";
import { explained } from "../../errors.ts";
import { bytesText, countText, counted } from "../../lib/text.ts";
import type { Overview } from "../../regions/overview.ts";
import type { RegionView, StagingView } from "../../regions/staging-view.ts";
import { badge, cell, type Html, isolated, tableHtml, timeHtml } from "./layout.ts";
import { agoText } from "./text.ts";

/** Stagings that are shown, the latest ones. */
const MOST_SHOWN = 200;
/** The classes of badges. */
const badges: Readonly<Record<StagingView["state"], string>> = {
  complete: "well",
  failed: "unwell",
  missing: "unwell",
  unknown: "stale",
  uploading: "waiting",
  replicating: "waiting",
  verifying: "waiting",
  deleting: "waiting",
};

/** The page of stagings: what lies in regions, what is wrong with it, and what it costs. */
export function stagingsView(known: Overview | undefined, now: number): Html {
  const heading = html`<div class="title">
    <h1>Stagings</h1>
    <a href="/stagings">Refresh</a>
  </div>`;
  if (known === undefined || known.regions.length === 0)
    return html`${heading}
      <p>
        The buckets were never read from here. <code>staging-sampler stage list</code> reads them,
        and <code>stage serve</code> every hour.
      </p>`;
  const { stagings } = known;
  const shown = stagings.slice(0, MOST_SHOWN);
  const table = tableHtml({
    label: "Stagings, the latest first",
    note: html`${countText(shown.length)} of ${counted(stagings.length, "staging")}, the latest
    first.`,
    head: html`<th scope="col">Staging</th>
      <th scope="col">State</th>
      <th scope="col">Regions</th>
      <th scope="col" class="n">Size</th>
      <th scope="col">Ends</th>
      <th scope="col" class="n">Machines</th>
      <th scope="col" class="n">${known.costs.prices.currency}</th>
      <th scope="col">Label</th>`,
    rows: rowsOf(shown, known, now),
  });
  return html`${heading} ${readHtml(known, now)} ${costHtml(known)}
  ${stagings.length === 0 ? html`<p>There is no staging.</p>` : table}`;
}

function readHtml({ regions }: Overview, now: number): Html {
  const items = regions.map(({ name, readAt, problem }) => {
    const when = readAt === 0 ? "before the last change" : timeHtml(readAt, agoText(readAt, now));
    const why =
      problem === undefined
        ? html``
        : html`: <span class="failed">${isolated(problem, 400)}</span>`;
    return html`<li>${isolated(name, 100)}, read ${when}${why}</li>`;
  });
  return html`<ul class="small" aria-label="Regions">
    ${items}
  </ul>`;
}

function costHtml({ costs }: Overview): Html {
  const { total, saving, prices } = costs;
  return html`<p>
    All together cost ${total.amount} ${prices.currency} since the first one and saved
    ${saving.amount}: an estimate, by prices of ${prices.asOf}.
    <code>staging-sampler stage cost</code> shows how it comes about.
  </p>`;
}

function rowsOf(shown: readonly StagingView[], { costs }: Overview, now: number): Html[] {
  const costOf = new Map(costs.stagings.map(({ staging_id: id, cost }) => [id, cost]));
  return shown.map((staging) => {
    const { staging_id: id, filename, state, regions, size_bytes, expires_at, sweep_id } = staging;
    const expiry = Date.parse(expires_at);
    const uses = regions.reduce((sum, region) => sum + (region.uses ?? 0), 0);
    return html`<tr>
      <th scope="row" class="name">
        <span class="path">${isolated(filename, 200)}</span><span class="why">${id}</span>
        ${regions.map(whyHtml)}
      </th>
      ${cell("State", badge(badges[state], state), "nowrap")}
      ${cell("Regions", html`${regions.map(regionHtml)}`, "name")}
      ${cell("Size", bytesText(size_bytes), "n nowrap")}
      ${cell("Ends", expiry <= now ? html`<span class="failed">over</span>` : timeHtml(expiry, agoText(expiry, now)), "nowrap")}
      ${cell("Machines", countText(uses), "n")}
      ${cell(costs.prices.currency, String(costOf.get(id) ?? 0), "n")}
      ${cell("Label", sweep_id === null ? "" : isolated(sweep_id, 100), "name")}
    </tr>`;
  });
}

function regionHtml({ region, state }: RegionView): Html {
  const what = state === "complete" ? "" : `: ${state}`;
  return html`<div>${isolated(region, 100)}${what}</div>`;
}

/** Says what is wrong in a region, and what to do. */
function whyHtml({ region, reason }: RegionView): Html {
  if (reason === null) return html``;
  const [, code] = /^([A-Z_]+): /.exec(reason) ?? [];
  const cure = code === undefined ? "" : explained(code).cure;
  return html`<span class="why">${isolated(`${region}: ${reason}`, 500)}. ${cure}</span>`;
}
