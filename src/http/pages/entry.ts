import type { WholeEntry } from "../../store/rows.ts";
import { html } from "hono/html";
import { explained } from "../../errors.ts";
import { fileName } from "../../lib/text.ts";
import type { Receipt } from "../../samples/receipts.ts";
import type { View } from "../../view/view.ts";
import type { Command } from "./commands.ts";
import { sampleRows, sourceRows } from "./entry-origin.ts";
import { sampleHtml } from "./entry-sample.ts";
import { stateRows } from "./entry-state.ts";
import { card } from "./fact-card.ts";
import { outcomeBadges } from "./files.ts";
import { datasetAddress, type Html, isolated } from "./layout.ts";

/** Parameters of this view and of the download. */
export const entryQuery = ["dataset", "raw"] as const;

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
  /** ms since epoch. */
  readonly now: number;
}

/** One entry: its sample, where it came from, how it was made, and what can be done about it. */
export function entryView({ entry, view, receipt, commands, now }: EntryFacts): Html {
  return html`<h1>${isolated(fileName(entry.raw), 300)}</h1>
    <p>
      ${outcomeBadges(entry)}
      <span class="muted"
        >in <a href="${datasetAddress(entry.dataset)}">${isolated(entry.dataset)}</a></span
      >
    </p>
    ${failureHtml(entry)} ${view === undefined ? html`` : sampleHtml(entry, view)}
    <div class="facts part">
      ${card("What became of it", stateRows(entry, now))}
      ${card("The sample", sampleRows(entry, receipt, now))}
      ${card("The source", sourceRows(entry))}
      <section class="card">
        <h2>In a shell on this machine</h2>
        ${commandsHtml(commands, entry)}
      </section>
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

function commandsHtml(commands: readonly Command[], { raw }: WholeEntry): Html {
  const note = raw.isWellFormed()
    ? html``
    : html`<p>Its name is not UTF-8, and cannot be typed; a glob reaches it.</p>`;
  return html`${note}${commands.map(
    ({ does, line }) =>
      html`<p class="small">${does}</p>
        <pre><code>${line}</code></pre>`,
  )}`;
}
