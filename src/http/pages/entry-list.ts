import { html } from "hono/html";
import { fileName } from "../../lib/text.ts";
import type { Neighbours } from "../../store/rows.ts";
import { outcomes } from "./files.ts";
import { entryAddress, type Html, isolated } from "./layout.ts";
import { chosen, type Query, searched } from "./query.ts";

/** Parameters that say in which list an entry is looked at. */
export const listQuery = ["list", "search"] as const;

/** The list that an entry is looked at in, as parameters of its address. */
export interface EntryList {
  /** The outcome that all in it have; undefined for all files of the dataset. */
  readonly list: (typeof outcomes)[number] | undefined;
  /** Part of the path that all in it have. */
  readonly search: string | undefined;
}

/** The list that an address names. @throws BadRequest */
export function listIn(query: Query): EntryList {
  return { list: chosen(query, "list", outcomes), search: searched(query, "search") };
}

/** Links to the files before and after one, in the order of its list. */
export function neighboursHtml(
  dataset: string,
  { before, after }: Neighbours,
  of: EntryList,
): Html {
  const to = (raw: string | null, rel: "prev" | "next", text: string) => {
    const href = raw === null ? undefined : entryAddress({ dataset, raw }, "/entry", { ...of });
    if (raw === null || href === undefined) return undefined;
    return html`<a href="${href}" rel="${rel}"
      >${text} <span class="path">${isolated(fileName(raw), 60)}</span></a
    >`;
  };
  const links = [to(before, "prev", "← Previous"), to(after, "next", "Next →")];
  const there = links.filter((link) => link !== undefined);
  if (there.length === 0) return html``;
  const kind = of.list === undefined ? "files" : `${of.list} files`;
  const found = of.search === undefined ? html`` : html` with “${isolated(of.search, 60)}”`;
  return html`<nav class="pager beside" aria-label="Files before and after">
    ${there}<span class="muted">of the ${kind}${found}</span>
  </nav>`;
}
