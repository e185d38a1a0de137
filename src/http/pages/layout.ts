import { html } from "hono/html";
import type { Settings } from "../../config/settings.ts";
import { VERSION } from "../../version.ts";
import { address, encoded } from "./query.ts";
import { shown, timeText } from "./text.ts";

/** A piece of a page: text in it is escaped. */
export type Html = ReturnType<typeof html>;

/** Something that people have to know on every page. */
export interface Notice {
  /** `bad`: it does not do its work; `wait`: it does, but not all of it. */
  readonly kind: "bad" | "wait";
  readonly title: string;
  readonly text: string;
}

/** One page. */
export interface Page {
  /** The subject of the page; comes first in the window's title. */
  readonly title: string;
  /** The part of the site that it belongs to. */
  readonly part: "datasets" | "failures" | "stagings" | "none";
  /** The way to the page, from the top; the last one is the page itself. */
  readonly crumbs?: readonly { readonly text: string; readonly href?: string }[];
  readonly notices: readonly Notice[];
  readonly body: Html;
}

/** A whole document. `now` is ms since epoch. */
export function layout(
  page: Page,
  { prefix, regions }: Pick<Settings, "prefix" | "regions">,
  now: number,
): Html {
  const hasRegions = Object.keys(regions).length > 0;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${shown(page.title, 200)} · Staging Sampler</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/style.css" />
        <script src="/assets/live.js" defer></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="top">
          <div>
            <a class="brand" href="/">Staging Sampler</a>
            <nav aria-label="Parts">
              <a href="/" ${currentIf(page.part === "datasets")}>Datasets</a>
              <a href="/failures" ${currentIf(page.part === "failures")}>Failures</a>
              ${hasRegions ? html`<a href="/stagings" ${currentIf(page.part === "stagings")}>Stagings</a>` : html``}
            </nav>
            <span class="lake"
              ><span class="hidden">The lake: </span
              ><bdi class="path">${shown(prefix, 300)}</bdi></span
            >
          </div>
        </header>
        <main id="main" tabindex="-1">
          ${page.notices.map(noticeHtml)} ${crumbsHtml(page.crumbs ?? [])} ${page.body}
        </main>
        <footer class="foot">
          <div>
            <span>Staging Sampler ${VERSION}</span>
            <span>Made ${timeHtml(now)}</span>
            <span>Nothing can be changed here: the commands do that.</span>
          </div>
        </footer>
      </body>
    </html> `;
}

/** A table, and what is shown with it. */
export interface TableParts {
  /** The subject of the table, in words. */
  readonly label: string;
  /** A note above the table. */
  readonly note?: Html;
  readonly head: Html | readonly Html[];
  readonly rows: readonly Html[];
  readonly kind?: "listing" | "cells";
}

/** A table in a region of its own, which scrolls where it is wider than the page. */
export function tableHtml({ label, note, head, rows, kind = "listing" }: TableParts): Html {
  const said = note === undefined ? html`` : html`<p class="note">${note}</p>`;
  return html`${said}
    <div class="scroll" role="region" aria-label="${label}" tabindex="0">
      <table class="${kind}">
        <caption class="hidden">
          ${label}
        </caption>
        <thead>
          <tr>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>`;
}

/** A time in ms since epoch, as people read it. */
export function timeHtml(ms: number, text: string = timeText(ms)): Html {
  const time = new Date(ms);
  if (Number.isNaN(time.getTime())) return html`${text}`;
  return html`<time datetime="${time.toISOString()}" title="${timeText(ms)}">${text}</time>`;
}

/** A badge for an entry's outcome: a sign and a word, in a colour. */
export function badge(kind: string, text: string = kind): Html {
  return html`<span class="badge ${kind}">${text}</span>`;
}

/**
 * Text from outside: its direction does not affect its surroundings, and it is cut to `most`
 * characters.
 */
export function isolated(text: string, most?: number): Html {
  return html`<bdi>${shown(text, most)}</bdi>`;
}

/** Links to the pages before and after. */
export function pager(links: readonly (Html | undefined)[]): Html {
  const there = links.filter((link) => link !== undefined);
  if (there.length === 0) return html``;
  return html`<nav class="pager" aria-label="Pages">${there}</nav>`;
}

/** The address of a dataset's files. */
export function datasetAddress(
  dataset: string,
  parameters: Readonly<Record<string, string | number | undefined>> = {},
): string {
  return address(`/datasets/${encoded(dataset)}`, parameters);
}

/** The address of an entry; undefined where it is longer than a server takes. */
export function entryAddress(
  { dataset, raw }: { readonly dataset: string; readonly raw: string },
  path: "/entry" | "/sample" = "/entry",
): string | undefined {
  const found = address(path, { dataset, raw });
  return found.length > MOST_ADDRESS ? undefined : found;
}

/** Characters of a link; the server takes 8 KiB of headers in all. */
const MOST_ADDRESS = 6000;

/** ` aria-current="page"` for the current page; otherwise nothing. */
export function currentIf(isCurrent: boolean): Html {
  return isCurrent ? html` aria-current="page"` : html``;
}

function noticeHtml({ kind, title, text }: Notice): Html {
  return html`<div class="notice ${kind}" role="${kind === "bad" ? "alert" : "status"}">
    <p><strong>${title}</strong> ${isolated(text, 1000)}</p>
  </div>`;
}

function crumbsHtml(crumbs: NonNullable<Page["crumbs"]>): Html {
  if (crumbs.length === 0) return html``;
  const items = crumbs.map(({ text, href }) =>
    href === undefined
      ? html`<li><span aria-current="page">${isolated(text, 120)}</span></li>`
      : html`<li><a href="${href}">${isolated(text, 120)}</a></li>`,
  );
  return html`<nav class="crumbs" aria-label="Where this is">
    <ol>
      ${items}
    </ol>
  </nav>`;
}
