import { html } from "hono/html";
import type { Cursor } from "../../store/rows.ts";
import type { Html } from "./layout.ts";
import { BadRequest, type Query } from "./query.ts";

/** A page of a list that is gone through from place to place, and the words of its links. */
export interface PlacedPage {
  /** The place that the page begins after; undefined for the first one. */
  readonly after: Cursor | undefined;
  /** The place that the next page begins after; null where this is the last one. */
  readonly next: Cursor | null;
  /** Returns the address of the page after a place. */
  readonly to: (place: Cursor | undefined) => string;
  readonly first: string;
  readonly further: string;
  /** A remark behind the links. */
  readonly note?: Html | undefined;
}

/** Links to the first page of a list and to the next one. */
export function placePager({ after, next, to, first, further, note }: PlacedPage): Html {
  return pager([
    after === undefined ? undefined : html`<a href="${to(undefined)}">← ${first}</a>`,
    next === null ? undefined : html`<a href="${to(next)}" rel="next">${further} →</a>`,
    note,
  ]);
}

/** A page of a list whose pages have numbers, from 1. */
export interface NumberedPage {
  readonly page: number;
  readonly pages: number;
  /** Returns the address of a page. */
  readonly to: (page: number) => string;
}

/** Links to the pages before and after; nothing where there is only one. */
export function numberPager({ page, pages, to }: NumberedPage): Html {
  if (pages === 1) return html``;
  return pager([
    page > 1 ? html`<a href="${to(page - 1)}" rel="prev">← Before</a>` : undefined,
    html`<span class="muted">Page ${page} of ${pages}</span>`,
    page < pages ? html`<a href="${to(page + 1)}" rel="next">Further →</a>` : undefined,
  ]);
}

/** A link to all of what only the beginning is shown of. */
export function moreLink(href: string, text: string): Html {
  return html`<p class="pager"><a href="${href}">${text}</a></p>`;
}

/** A place in a list as a parameter: `at.seq.raw`. */
export function placeText({ at, seq, raw }: Cursor): string {
  return `${at}.${seq}.${raw}`;
}

/** The place that an address names in its `after`, if it does. @throws BadRequest */
export function placeIn(query: Query): Cursor | undefined {
  const text = query.get("after");
  if (text === undefined) return undefined;
  const [, at, seq, raw] = /^(\d{1,16})\.(-?\d{1,16})\.(.*)$/s.exec(text) ?? [];
  if (at === undefined || seq === undefined || raw === undefined) {
    throw new BadRequest("“after” is no place in this list; begin with the newest.");
  }
  return { at: Number(at), seq: Number(seq), raw };
}

function pager(links: readonly (Html | undefined)[]): Html {
  const there = links.filter((link) => link !== undefined);
  if (there.length === 0) return html``;
  return html`<nav class="pager" aria-label="Pages">${there}</nav>`;
}
