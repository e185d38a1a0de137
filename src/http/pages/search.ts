import { html } from "hono/html";
import { type Found, searchable, searchLake } from "../../inspect/search/search.ts";
import type { Searched } from "../../inspect/search/values.ts";
import type { ViewInThread } from "../../inspect/view-threads.ts";
import { countText, counted } from "../../lib/text.ts";
import { openSearchIndexToRead } from "../../store/open.ts";
import type { Store } from "../../store/store.ts";
import type { PageContext } from "../state.ts";
import type { GrowingView, Write } from "./answer.ts";
import type { Decoding } from "./decoding.ts";
import { HOLE } from "./hole.ts";
import { type Html, isolated } from "./layout.ts";
import { type Query, searched } from "./query.ts";
import { createResults } from "./search-results.ts";

/** Parameters of this view. */
export const searchQuery = ["q"] as const;

/** Results of each kind. */
const MOST = 20;
/** Time in which samples are looked at, ms. */
const LOOKING_MS = 1000;

/**
 * The results of a search over all datasets, each written as it is found, or only the form where no
 * text is given.
 * @throws Failure CACHE_UNUSABLE
 */
export async function searchView(
  { store, settings }: Pick<PageContext, "store" | "settings">,
  { inTurn, viewInThread }: Decoding,
  query: Query,
): Promise<GrowingView> {
  const text = searched(query, "q")?.trim() ?? "";
  const form = html`<h1>Search</h1>
    ${formHtml(text)}`;
  const page = { title: "Search", part: "search" } as const;
  if (text === "") return { ...page, body: form };
  const search = { store: await store(), settings, view: viewInThread, text };
  return {
    ...page,
    body: html`${form}${HOLE}`,
    grow: (write, isGone) =>
      inTurn(async () => {
        if (!isGone()) await writeResults(search, write, isGone);
      }),
  };
}

interface Search {
  readonly store: Store;
  readonly settings: PageContext["settings"];
  readonly view: ViewInThread;
  readonly text: string;
}

/** Writes what is found, and then the extent of the search. */
async function writeResults(search: Search, write: Write, isGone: () => boolean): Promise<void> {
  const { settings, store, text } = search;
  const index = openSearchIndexToRead(settings.state);
  const end = performance.now() + LOOKING_MS;
  const counts: Record<Found["kind"], number> = { file: 0, column: 0, value: 0 };
  const results = createResults(write);
  try {
    const done = await searchLake(
      {
        ...search,
        index,
        datasets: await store.queries.datasets(),
        within: searchable,
        limit: MOST,
        isOver: () => isGone() || performance.now() > end,
      },
      async (found) => {
        counts[found.kind] += 1;
        await results.add(found);
      },
    );
    await results.end();
    await write(extentHtml(text, counts, done));
  } finally {
    await results.end();
    await index?.close();
  }
}

function formHtml(text: string): Html {
  return html`<form method="get" action="/search" role="search">
      <div class="field">
        <label for="q">Path, column or value</label
        ><input
          id="q"
          name="q"
          type="search"
          maxlength="1000"
          value="${text}"
          autocomplete="off"
          spellcheck="false"
        />
      </div>
      <button>Search</button>
    </form>
    <p class="muted">A part of a path or of a column’s name; of a value, whole words.</p>`;
}

function extentHtml(
  text: string,
  { file, column, value }: Readonly<Record<Found["kind"], number>>,
  { looked, failed, isComplete }: Searched,
): Html {
  const isEmpty = file + column + value === 0;
  const counts = [atMost(file, "file"), atMost(column, "column"), atMost(value, "value")];
  const found = isEmpty ? html`` : html`<p class="note">Found: ${counts.join(", ")}.</p>`;
  const none = isEmpty && isComplete ? html`<p>Nothing has “${isolated(text, 100)}”.</p>` : html``;
  const unseen =
    failed === 0
      ? html``
      : html`<p class="muted">${counted(failed, "sample")} could not be looked at.</p>`;
  const rest = isComplete
    ? html``
    : html`<div class="notice wait" role="status">
        <p>
          <strong>Not all samples were looked at:</strong> ${countText(looked)} in a second, and
          there are more. <code>staging-sampler search --index</code> makes an index of all of them.
        </p>
      </div>`;
  return html`${none}${found}${rest}${unseen}`;
}

function atMost(count: number, one: string): string {
  return count === MOST ? `the first ${counted(count, one)}` : counted(count, one);
}
