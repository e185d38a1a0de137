import { html } from "hono/html";
import { bytesText, countText } from "../../lib/text.ts";
import { type Html, timeHtml } from "./layout.ts";
import { agoText } from "./text.ts";

/** A fact: its label, and its value where there is one. */
export type Row = readonly [string, Html | undefined];

/** A card of facts; those without a value are left out. */
export function card(title: string, rows: readonly Row[]): Html {
  const there = rows.filter(([, value]) => value !== undefined);
  return html`<section class="card">
    <h2>${title}</h2>
    <dl>
      ${there.map(
        ([label, value]) =>
          html`<dt>${label}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </section>`;
}

/** A moment, ISO 8601, and how long ago it was. */
export function momentHtml(iso: string | null, now: number): Html | undefined {
  if (iso === null) return undefined;
  const ms = Date.parse(iso);
  return html`${timeHtml(ms)}, ${agoText(ms, now)}`;
}

/** A size, and where it is rounded the exact one, too. */
export function sizeHtml(bytes: number): Html {
  const exact =
    bytes < 1024 ? html`` : html` <span class="muted">(${countText(bytes)} bytes)</span>`;
  return html`${bytesText(bytes)}${exact}`;
}
