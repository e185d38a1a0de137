import { html } from "hono/html";
import { explained } from "../../errors.ts";
import { countText, counted } from "../../lib/text.ts";
import type { NewestLine } from "../../store/rows.ts";
import { cell, datasetAddress, type Html, isolated, tableHtml, timeHtml } from "./layout.ts";
import { agoText } from "./text.ts";

/** Manifest lines that are no entries. */
export interface BadLines {
  readonly newest: readonly NewestLine[];
  /** All that there are. */
  readonly count: number;
  /** A link to more of them. */
  readonly more: Html;
}

/** The newest bad manifest lines, with advice. `now` is ms since epoch. */
export function badLinesHtml({ newest, count, more }: BadLines, now: number): Html {
  const { meaning, cure } = explained("LINE_INVALID");
  const table = tableHtml({
    label: "Manifest lines that are no entries",
    note: html`${countText(newest.length)} of ${countText(count)}, the newest first.`,
    head: html`<th scope="col">Manifest and reason</th>
      <th scope="col">Dataset</th>
      <th scope="col" class="n">Line</th>
      <th scope="col" class="n">Byte</th>
      <th scope="col">Rejected</th>`,
    rows: newest.map((line) => rowHtml(line, now)),
  });
  return html`<section>
    <h2><code>LINE_INVALID</code> <span class="muted">${counted(count, "manifest line")}</span></h2>
    <p>${meaning} ${cure}</p>
    ${table} ${more}
  </section>`;
}

function rowHtml({ dataset, path, line, offset, reason, at }: NewestLine, now: number): Html {
  return html`<tr>
    <th scope="row" class="name">
      <span class="path">${isolated(`manifests/${path}`, 200)}</span
      ><span class="why">${isolated(reason, 400)}</span>
    </th>
    ${cell("Dataset", html`<a href="${datasetAddress(dataset)}">${isolated(dataset)}</a>`, "name")}
    ${cell("Line", countText(line), "n")} ${cell("Byte", countText(offset), "n")}
    ${cell("Rejected", timeHtml(at, agoText(at, now)), "nowrap")}
  </tr>`;
}
