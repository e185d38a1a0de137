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
/** Characters of the first column, where it stays in sight. */
const MOST_PINNED = 24;
/** Columns of a table from which on their names are listed above it. */
const LISTED_FROM = 10;

/** The columns that are shown of each table. */
export interface ShownColumns {
  /** The first of them, from 0. */
  readonly from: number;
  /** The address of the page that begins with another one; undefined where there is none. */
  readonly addressOf: (from: number) => string | undefined;
}

/**
 * The tables of a sample, bounded, so that neither columns nor cells make the page large. `id` begins
 * the ids of their columns; `alone` names a table that is the only one.
 */
export function sampleTables(
  { facts, tables, warnings }: View,
  id: string,
  columnsShown: ShownColumns,
  alone = "Sample",
): Html {
  let left = MOST_CELLS;
  const shown = tables.slice(0, MOST_TABLES).map((table, i) => {
    const columns = columnsFrom(table.columns, columnsShown);
    const rows = table.rows.slice(0, Math.max(1, Math.floor(left / Math.max(1, columns.length))));
    left = Math.max(0, left - rows.length * columns.length);
    const label = tables.length > 1 ? `Table ${i + 1}` : alone;
    return oneTable(table, { columns, rows, label, id: `${id}${i + 1}`, ...columnsShown });
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

/** The columns of a table that are shown: the first ones where it has none from there on. */
export function columnsFrom<T>(columns: readonly T[], { from }: Pick<ShownColumns, "from">): T[] {
  const first = from < columns.length ? from : 0;
  return columns.slice(first, first + MOST_COLUMNS);
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

/** The part of a table that is shown, and the names that belong to it. */
interface ShownPart extends ShownColumns {
  readonly columns: readonly Column[];
  readonly rows: Table["rows"];
  readonly label: string;
  readonly id: string;
}

function oneTable(table: Table, part: ShownPart): Html {
  const { title, notes } = table;
  const { columns, rows, label, id } = part;
  const first = part.from < table.columns.length ? part.from : 0;
  const missing = [
    columns.length < table.columns.length
      ? `columns ${countText(first + 1)} to ${countText(first + columns.length)} of ${counted(table.columns.length, "column")}`
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
      html`<th scope="col" id="${id}-${first + at + 1}" class="${kinds[at]}">
        ${isolated(name === "" ? " " : name, MOST_NAME)}<span class="type"
          >${isolated(type, 60)}</span
        >
      </th>`,
  );
  const body = rows.map(
    (row, i) =>
      html`<tr>
        <th scope="row">${i + 1}</th>
        ${columns.map((_, at) => cellHtml(row[first + at] ?? null, kinds[at] ?? ""))}
      </tr> `,
  );
  const note = said.length === 0 ? counted(rows.length, "row") : said.join("; ");
  const name = title === null ? label : `${label}: ${fileName(title).slice(0, 60)}`;
  const number = html`<th scope="col"><span class="hidden">Row</span>#</th>`;
  return html`<div class="part">
    ${heading}${namesHtml(table.columns, part)}${tableHtml({
      label: shown(name),
      note: isolated(note, 500),
      head: [number, ...head],
      rows: body,
      kind: isNarrow(columns[0], rows, first) ? "cells pinned" : "cells",
    })}
  </div>`;
}

/** The names of all columns of a table that has many, each with a link to where it is shown. */
function namesHtml(columns: readonly Column[], { from, id, addressOf }: ShownPart): Html {
  if (columns.length < LISTED_FROM) return html``;
  const shownFrom = from < columns.length ? from : 0;
  const items = columns.map(({ name }, at) => {
    const first = at - (at % MOST_COLUMNS);
    const page = first === shownFrom ? "" : addressOf(first);
    const text = isolated(name === "" ? " " : name, MOST_NAME);
    if (page === undefined) return html`<li>${text}</li>`;
    return html`<li><a href="${page}#${id}-${at + 1}">${text}</a></li> `;
  });
  return html`<details class="names">
    <summary>Names of all ${counted(columns.length, "column")}</summary>
    <ol>
      ${items}
    </ol>
  </details>`;
}

/** True for a column that may stay in sight while the others are scrolled: it leaves them room. */
function isNarrow(column: Column | undefined, rows: Table["rows"], at: number): boolean {
  const texts = [column?.name ?? "", column?.type ?? "", ...rows.map((row) => row[at] ?? "null")];
  return texts.every(({ length }) => length <= MOST_PINNED);
}

/** Types whose cells are read from the right. */
const numeric = /^(u?int|integer|number|long|float|double|decimal)/i;

function cellHtml(cell: string | null, kind: string): Html {
  if (cell === null) return html`<td class="${kind}"><span class="null">null</span></td>`;
  const length = cell.length > MOST_IN_LINE ? "long" : "";
  return html`<td class="${kind} ${length}">${isolated(cell, MOST_CELL)}</td>`;
}
