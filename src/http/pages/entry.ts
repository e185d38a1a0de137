import type { Neighbours, WholeEntry } from "../../store/rows.ts";
import { html } from "hono/html";
import { explained } from "../../errors.ts";
import { fileName } from "../../lib/text.ts";
import type { Finding } from "../../samples/findings.ts";
import type { Receipt } from "../../samples/receipts.ts";
import type { CodeLine, Program } from "../../view/code.ts";
import type { Table, View } from "../../view/view.ts";
import type { Command } from "./commands.ts";
import { sampleRows, sourceRows } from "./entry-origin.ts";
import { headHtml } from "./entry-head.ts";
import { type EntryList, listQuery, neighboursHtml } from "./entry-list.ts";
import { sampleHtml } from "./entry-sample.ts";
import { stateRows } from "./entry-state.ts";
import { card } from "./fact-card.ts";
import { findingsHtml } from "./findings.ts";
import { outcomeBadges } from "./files.ts";
import { datasetAddress, type Html, isolated } from "./layout.ts";
import { copyable } from "./copy.ts";
import { shown } from "./text.ts";

/** Parameters of the download, and of this view. */
export const sampleQuery = ["dataset", "raw"] as const;
export const entryQuery = [...sampleQuery, "from", ...listQuery] as const;

/** The facts that are shown of one entry. */
export interface EntryFacts {
  readonly entry: WholeEntry;
  /**
   * The content of the sample, or the reason why it cannot be shown; undefined where there is no
   * sample.
   */
  readonly view: View | Error | undefined;
  /** The receipt of the sample; null where it is not found. */
  readonly receipt: Receipt | null;
  readonly commands: readonly Command[];
  /** The lines with which programs read the file. */
  readonly code: readonly CodeLine[];
  /** Facts of all its rows that the file has at its end; undefined where they are not known. */
  readonly whole: Table | undefined;
  /** The beginning of a file that failed; undefined where it is not shown. */
  readonly head: View | undefined;
  /** The newest findings of it. */
  readonly findings: readonly Finding[];
  /** ms since epoch. */
  readonly now: number;
  /** The column that tables begin with, from 0. */
  readonly from: number;
  readonly list: EntryList;
  readonly neighbours: Neighbours;
}

/** One entry: its sample, where it came from, how it was made, and what can be done about it. */
export function entryView(facts: EntryFacts): Html {
  const {
    entry,
    view,
    receipt,
    commands,
    code,
    head,
    whole,
    findings,
    now,
    from,
    list,
    neighbours,
  } = facts;
  return html`<h1>${isolated(fileName(entry.raw), 300)}</h1>
    <p>
      ${outcomeBadges(entry)}
      <span class="muted"
        >in <a href="${datasetAddress(entry.dataset)}">${isolated(entry.dataset)}</a></span
      >
    </p>
    ${neighboursHtml(entry.dataset, neighbours, list)} ${failureHtml(entry)}
    ${headHtml(entry, head)} ${findingsHtml(entry.dataset, findings, now)}
    ${view === undefined ? html`` : sampleHtml(entry, view, { from, list, whole })}
    <div class="facts part">
      ${card("What became of it", stateRows(entry, now))}
      ${card("The sample", sampleRows(entry, receipt, now))}
      ${card("The source", sourceRows(entry))}
      <section class="card">
        <h2>In a shell on this machine</h2>
        ${commandsHtml(commands, entry)}
      </section>
      ${codeHtml(code)}
    </div>`;
}

function failureHtml({ outcome, code, message }: WholeEntry): Html {
  if (outcome !== "failed") return html``;
  if (code === null) {
    return html`<div class="notice bad">
      <p><strong>Failed.</strong> The cache was rebuilt since; the receipt says why.</p>
    </div>`;
  }
  const { meaning, cure } = explained(code);
  return html`<div class="notice bad">
    <p><strong>${code}</strong> ${isolated(message ?? "", 2000)}</p>
    <p>${meaning} ${cure}</p>
  </div>`;
}

function codeHtml(code: readonly CodeLine[]): Html {
  if (code.length === 0) return html``;
  return html`<section class="card" id="code">
    <h2>Read it in</h2>
    ${code.map(
      ({ program, line }) =>
        html`<p class="small">${programNames[program]}</p>
          ${copyable(shown(line))}`,
    )}
  </section>`;
}

const programNames: Readonly<Record<Program, string>> = {
  duckdb: "DuckDB",
  pandas: "pandas",
  polars: "Polars",
  spark: "Spark",
};

function commandsHtml(commands: readonly Command[], { raw }: WholeEntry): Html {
  const note = raw.isWellFormed()
    ? html``
    : html`<p>Its name is not UTF-8, and cannot be typed; a glob reaches it.</p>`;
  return html`${note}${commands.map(
    ({ does, line }) =>
      html`<p class="small">${does}</p>
        ${copyable(line)}`,
  )}`;
}
