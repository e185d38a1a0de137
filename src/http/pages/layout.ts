import { html } from "hono/html";
import type { Settings } from "../../config/settings.ts";
import { countText } from "../../lib/text.ts";
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
  /** The subject of the page; comes first in the window's title. The start page has none. */
  readonly title: string | undefined;
  /** Failures that nobody has acknowledged; they stand before the window's title. */
  readonly failures: number;
  /** The part of the site that it belongs to. */
  readonly part: "datasets" | "failures" | "stagings" | "search" | "none";
  /** The way to the page, from the top; the last one is the page itself. */
  readonly crumbs?: readonly { readonly text: string; readonly href?: string }[];
  readonly notices: readonly Notice[];
  readonly body: Html;
  /** True for a page that the script loads again every few seconds. */
  readonly isRefreshed?: boolean;
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
        <title>${titleOf(page)}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/style.css" />
        <script src="/assets/live.js" defer></script>
        <script src="/assets/copy.js" defer></script>
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
              <a href="/search" ${currentIf(page.part === "search")}>Search</a>
            </nav>
            <span class="lake"
              ><span class="hidden">The lake: </span
              ><bdi class="path">${shown(prefix, 300)}</bdi></span
            >
          </div>
        </header>
        <div class="lost" id="lost" role="alert" hidden>
          <p class="notice bad">
            <strong>No answer from the page’s server:</strong> what is shown is old.
          </p>
        </div>
        <main id="main" tabindex="-1" ${page.isRefreshed === true ? html`data-refreshed` : html``}>
          ${page.notices.map(noticeHtml)} ${crumbsHtml(page.crumbs ?? [])} ${page.body}
        </main>
        <footer class="foot">
          <div>
            <span>Staging Sampler ${VERSION}</span>
            <span>Made ${timeHtml(now)} · <a href="">Refresh</a></span>
            <span>Nothing can be changed here: the commands do that.</span>
          </div>
        </footer>
      </body>
    </html> `;
}

function titleOf({ title, failures }: Page): string {
  const before = failures > 0 ? `(${countText(failures)}) ` : "";
  return `${before}${title === undefined ? "" : `${shown(title, 200)} · `}Staging Sampler`;
}

/** A table, and what is shown with it. */
export interface TableParts {
  /** The subject of the table, in words. */
  readonly label: string;
  /** A note above the table. */
  readonly note?: Html;
  readonly head: Html | readonly Html[];
  readonly rows: readonly Html[];
  /** `cells`: of a sample; `pinned`: its first column stays in sight. */
  readonly kind?: "listing" | "cells" | "cells pinned";
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

/** A cell of a listing. On a phone, where rows are cards, its label stands before it. */
export function cell(label: string, content: Html | string, kind = ""): Html {
  return html`<td class="${kind}" data-label="${label}">${content}</td>`;
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
  parameters: Readonly<Record<string, string | number | undefined>> = {},
): string | undefined {
  const found = address(path, { dataset, raw, ...parameters });
  return found.length > MOST_ADDRESS ? undefined : found;
}

/** Characters of a link; the server takes 8 KiB of headers in all. */
const MOST_ADDRESS = 6000;

/** ` aria-current="page"` for the current page; otherwise nothing. */
export function currentIf(isCurrent: boolean): Html {
  return isCurrent ? html` aria-current="page"` : html``;
}

/** A notice in its place on a page. */
export function noticeHtml({ kind, title, text }: Notice): Html {
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
