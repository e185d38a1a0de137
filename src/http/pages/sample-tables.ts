import { html } from "hono/html";
import type { Column, Table, View } from "../../view/view.ts";
import { type Html, isolated, tableHtml } from "./layout.ts";
import { countText, counted, fileName } from "../../lib/text.ts";
import { shown } from "./text.ts";

/** Rows that are shown of each table. */
export const SHOWN_ROWS = 100;
const MOST_COLUMNS = 60;
const MOST_TABLES = 10;
const MOST_CELLS = 20_000;
const MOST_CELL = 300;
/** Characters of a cell on one line; longer cells are broken into lines. */
const MOST_IN_LINE = 40;
const MOST_NAME = 120;

/** The tables of a sample, bounded, so that neither columns nor cells make the page large. */
export function sampleTables({ facts, tables, warnings }: View): Html {
  let left = MOST_CELLS;
  const shown = tables.slice(0, MOST_TABLES).map((table, i) => {
    const columns = table.columns.slice(0, MOST_COLUMNS);
    const rows = table.rows.slice(0, Math.max(1, Math.floor(left / Math.max(1, columns.length))));
    left = Math.max(0, left - rows.length * columns.length);
    return oneTable(table, columns, rows, tables.length > 1 ? `Table ${i + 1}` : "Sample");
  });
  const more =
    tables.length > MOST_TABLES
      ? html`<p class="muted">
          ${counted(tables.length - MOST_TABLES, "more table")}; the download has the rest.
        </p>`
      : html``;
  return html`${warnings.slice(0, 10).map(
    (warning) =>
      html`<div class="notice">
        <p><strong>Warning.</strong> ${isolated(warning, 500)}</p>
      </div>`,
  )}
  ${factsHtml(facts)}${shown}${more}`;
}

function factsHtml(facts: View["facts"]): Html {
  if (facts.length === 0) return html``;
  const items = facts.slice(0, 50).map(
    ([name, value]) =>
      html`<div>
        <dt>${isolated(name, MOST_NAME)}</dt>
        <dd>${isolated(value, 1000)}</dd>
      </div>`,
  );
  return html`<dl class="said">${items}</dl>`;
}

function oneTable(
  table: Table,
  columns: readonly Column[],
  rows: Table["rows"],
  label: string,
): Html {
  const { title, notes } = table;
  const left = table.columns.length - columns.length;
  const missing = [
    left > 0
      ? `the first ${countText(columns.length)} of ${counted(table.columns.length, "column")}`
      : undefined,
    rows.length < table.rows.length
      ? `the first ${countText(rows.length)} of these rows`
      : undefined,
  ].filter((note) => note !== undefined);
  const said = [...notes, ...missing];
  const heading = title === null ? html`` : html`<h3>${isolated(title, 300)}</h3>`;
  if (columns.length === 0) {
    return html`<div class="part">
      ${heading}
      <p class="muted">
        No columns${said.length === 0 ? "" : html`; ${isolated(said.join("; "), 500)}`}.
      </p>
    </div>`;
  }
  const kinds = columns.map(({ type }) => (numeric.test(type) ? "n" : ""));
  const head = columns.map(
    ({ name, type }, at) =>
      html`<th scope="col" class="${kinds[at]}">
        ${isolated(name === "" ? " " : name, MOST_NAME)}<span class="type"
          >${isolated(type, 60)}</span
        >
      </th>`,
  );
  const body = rows.map(
    (row, i) =>
      html`<tr>
        <th scope="row">${i + 1}</th>
        ${columns.map((_, at) => cellHtml(row[at] ?? null, kinds[at] ?? ""))}
      </tr> `,
  );
  const note = said.length === 0 ? counted(rows.length, "row") : said.join("; ");
  const name = title === null ? label : `${label}: ${fileName(title).slice(0, 60)}`;
  const first = html`<th scope="col"><span class="hidden">Row</span>#</th>`;
  return html`<div class="part">
    ${heading}${tableHtml({ label: shown(name), note: isolated(note, 500), head: [first, ...head], rows: body, kind: "cells" })}
  </div>`;
}

/** Types whose cells are read from the right. */
const numeric = /^(u?int|integer|number|long|float|double|decimal)/i;

function cellHtml(cell: string | null, kind: string): Html {
  if (cell === null) return html`<td class="${kind}"><span class="null">null</span></td>`;
  const length = cell.length > MOST_IN_LINE ? "long" : "";
  return html`<td class="${kind} ${length}">${isolated(cell, MOST_CELL)}</td>`;
}
