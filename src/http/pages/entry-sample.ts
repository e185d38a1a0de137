import { html } from "hono/html";
import { bytesText, formatText } from "../../lib/text.ts";
import type { WholeEntry } from "../../store/rows.ts";
import type { View } from "../../view/view.ts";
import { entryAddress, type Html, isolated } from "./layout.ts";
import { sampleTables } from "./sample-tables.ts";

/** The sample of an entry as tables, or the reason why it cannot be shown. */
export function sampleHtml(entry: WholeEntry, view: View | Error): Html {
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
  return html`<section>
    <h2>Sample</h2>
    ${old}
    <p class="actions">
      ${download}<span class="muted"
        >${formatText(entry.format ?? view.format, entry.sample)}${entry.bytes === null ? "" : html`, ${bytesText(entry.bytes)}`}</span
      >
    </p>
    ${sampleTables(view)}
  </section>`;
}
