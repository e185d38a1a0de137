import { html } from "hono/html";
import type { FoundColumn } from "../../inspect/columns.ts";
import { type Found, searchable, searchLake } from "../../inspect/search/search.ts";
import type { FoundValue, Searched } from "../../inspect/search/values.ts";
import type { ViewInThread } from "../../inspect/view-threads.ts";
import { countText, counted, formatText } from "../../lib/text.ts";
import { openSearchIndexToRead } from "../../store/open.ts";
import type { RawName } from "../../store/rows.ts";
import type { PageContext } from "../state.ts";
import { cell, datasetAddress, entryAddress, type Html, isolated, tableHtml } from "./layout.ts";
import { type Query, searched } from "./query.ts";

/** Parameters of this view. */
export const searchQuery = ["q"] as const;

/** Results of each kind. */
const MOST = 20;
/** Time in which samples are looked at, ms. */
const LOOKING_MS = 1000;

/** The results of a search over all datasets, or only the form where no text is given. */
export async function searchView(
  context: Pick<PageContext, "store" | "settings">,
  view: ViewInThread,
  query: Query,
): Promise<Html> {
  const text = searched(query, "q")?.trim();
  const form = html`<h1>Search</h1>
    ${formHtml(text ?? "")}`;
  if (text === undefined || text === "") return form;
  const { found, done } = await resultsOf(context, view, text);
  const of = <K extends Found["kind"]>(kind: K) =>
    found.filter((one): one is Found & { kind: K } => one.kind === kind);
  const [files, columns, values] = [of("file"), of("column"), of("value")];
  return html`${form}${coverageHtml(text, found.length, done)}
  ${values.length === 0 ? html`` : valuesHtml(values)}
  ${columns.length === 0 ? html`` : columnsHtml(columns)}
  ${files.length === 0 ? html`` : filesHtml(files)}`;
}

async function resultsOf(
  { store, settings }: Pick<PageContext, "store" | "settings">,
  view: ViewInThread,
  text: string,
): Promise<{ readonly found: readonly Found[]; readonly done: Searched }> {
  const index = openSearchIndexToRead(settings.state);
  const end = performance.now() + LOOKING_MS;
  const open = await store();
  try {
    const found: Found[] = [];
    const done = await searchLake(
      {
        settings,
        store: open,
        index,
        view,
        text,
        datasets: await open.queries.datasets(),
        within: searchable,
        limit: MOST,
        isOver: () => performance.now() > end,
      },
      (one) => void found.push(one),
    );
    return { found, done };
  } finally {
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

function coverageHtml(
  text: string,
  results: number,
  { looked, failed, isComplete }: Searched,
): Html {
  const none =
    results === 0 && isComplete ? html`<p>Nothing has “${isolated(text, 100)}”.</p>` : html``;
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
  return html`${none}${rest}${unseen}`;
}

function atMost(count: number, one: string): string {
  return count === MOST ? `The first ${counted(count, one)}` : counted(count, one);
}

function entryLink({ dataset, raw }: RawName): Html {
  const href = entryAddress({ dataset, raw });
  const path = html`<span class="path">${isolated(raw, 300)}</span>`;
  return href === undefined ? path : html`<a href="${href}">${path}</a>`;
}

function datasetLink(dataset: string): Html {
  return html`<a href="${datasetAddress(dataset)}">${isolated(dataset)}</a>`;
}

function filesHtml(files: readonly RawName[]): Html {
  return html`<section>
    <h2>Files</h2>
    ${tableHtml({
      label: "Files",
      note: html`${atMost(files.length, "file")}, by path.`,
      head: html`<th scope="col">File as it arrived</th>
        <th scope="col">Dataset</th>`,
      rows: files.map(
        (file) =>
          html`<tr>
            <th scope="row" class="name">${entryLink(file)}</th>
            ${cell("Dataset", datasetLink(file.dataset))}
          </tr>`,
      ),
    })}
  </section>`;
}

function columnsHtml(columns: readonly FoundColumn[]): Html {
  return html`<section>
    <h2>Columns</h2>
    ${tableHtml({
      label: "Columns",
      note: html`${atMost(columns.length, "column")}, by the newest file of each series.`,
      head: html`<th scope="col">Column</th>
        <th scope="col">Type</th>
        <th scope="col">Dataset</th>
        <th scope="col">First file of this shape</th>
        <th scope="col" class="n">Files</th>`,
      rows: columns.map(
        ({ dataset, column, type, firstRaw, files, format }) =>
          html`<tr>
            <th scope="row" class="name">${isolated(column, 200)}</th>
            ${cell("Type", isolated(type), "nowrap")} ${cell("Dataset", datasetLink(dataset))}
            ${cell("First file", html`${entryLink({ dataset, raw: firstRaw })} <span class="muted">${formatText(format, null)}</span>`)}
            ${cell("Files", countText(files), "n")}
          </tr>`,
      ),
    })}
  </section>`;
}

/** A column, behind the part of the sample that it is of. */
function columnOf({ table, column }: FoundValue): Html {
  const place = table === null ? "" : `${table}: `;
  return isolated(place + column, 200);
}

function valuesHtml(values: readonly FoundValue[]): Html {
  return html`<section>
    <h2>Values</h2>
    ${tableHtml({
      label: "Values",
      note: html`${atMost(values.length, "sample")}, each with its first value.`,
      head: html`<th scope="col">Value</th>
        <th scope="col">Column</th>
        <th scope="col" class="n">Row</th>
        <th scope="col">File as it arrived</th>
        <th scope="col">Dataset</th>`,
      rows: values.map(
        (found) =>
          html`<tr>
            <th scope="row" class="name">${isolated(found.value, 300)}</th>
            ${cell("Column", columnOf(found))} ${cell("Row", countText(found.row), "n")}
            ${cell("File", entryLink(found))} ${cell("Dataset", datasetLink(found.dataset))}
          </tr>`,
      ),
    })}
  </section>`;
}
