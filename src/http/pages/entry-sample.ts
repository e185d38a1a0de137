import { html } from "hono/html";
import { bytesText, formatText } from "../../lib/text.ts";
import type { WholeEntry } from "../../store/rows.ts";
import type { Table, View } from "../../view/view.ts";
import { entryAddress, type Html, isolated } from "./layout.ts";
import type { EntryList } from "./entry-list.ts";
import { columnsFrom, sampleTables } from "./sample-tables.ts";
import { profileOf } from "../../view/profile.ts";

/**
 * The sample of an entry as tables, beginning with a column, or the reason why it cannot be shown.
 */
export function sampleHtml(
  entry: WholeEntry,
  view: View | Error,
  {
    from,
    list,
    whole,
  }: { readonly from: number; readonly list: EntryList; readonly whole: Table | undefined },
): Html {
  const href = entryAddress(entry, "/sample");
  const download =
    href === undefined
      ? html``
      : html`<a class="button" href="${href}" download>Download the sample</a>`;
  if (view instanceof Error) {
    return html`<section>
      <h2>Sample</h2>
      <div class="notice bad">
        <p><strong>The sample cannot be shown.</strong> ${isolated(view.message, 1000)}</p>
        <p><code>audit --repair</code> has a sample made again that is missing.</p>
      </div>
    </section>`;
  }
  const old = entry.stale
    ? html`<div class="notice">
        <p>
          <strong>This is of an earlier version of the file.</strong> The one that its newest
          manifest line means has no sample yet.
        </p>
      </div>`
    : html``;
  const addressOf = (first: number) =>
    entryAddress(entry, "/entry", { ...list, from: first === 0 ? undefined : first });
  const columnsShown = { from, addressOf };
  return html`<section>
    <h2>Sample</h2>
    ${old}
    <p class="actions">
      ${download}<a href="#code">Read it in a program</a
      ><span class="muted"
        >${formatText(entry.format ?? view.format, entry.sample)}${entry.bytes === null ? "" : html`, ${bytesText(entry.bytes)}`}</span
      >
    </p>
    ${sampleTables(view, "c", columnsShown)}${profileHtml(view, from, whole)}
  </section>`;
}

/** A view's parts besides its tables. */
const nothingElse = { format: "", facts: [], warnings: [] };

/** The profile of each column, to be opened. */
function profileHtml(view: View, from: number, whole: Table | undefined): Html {
  const tables = view.tables
    .filter(({ columns, rows }) => columns.length > 0 && rows.length > 0)
    .map((table) => {
      const columns = columnsFrom(table.columns, { from });
      const rows = table.rows.map((row) => columnsFrom(row, { from }));
      return Object.assign({}, table, { columns, rows });
    });
  if (tables.length === 0) return html``;
  const profile = profileOf({ ...view, ...nothingElse, tables });
  return html`<details>
    <summary>Profile of the columns</summary>
    ${whole === undefined ? html`` : sampleTables({ ...nothingElse, tables: [whole] }, "w", { from: 0, addressOf: () => undefined }, "The whole file")}
    ${sampleTables(profile, "p", { from: 0, addressOf: () => undefined })}
  </details>`;
}
