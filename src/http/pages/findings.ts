import { html } from "hono/html";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { counted } from "../../lib/text.ts";
import { detailsOf, type Finding } from "../../samples/findings.ts";
import { newestFindings } from "../../samples/newest-findings.ts";
import { heldSamples } from "../../samples/open.ts";
import { entryAddress, type Html, isolated, timeHtml } from "./layout.ts";
import { agoText } from "./text.ts";

/** Findings that are shown. */
const SHOWN = 5;

/** The newest findings of a dataset, or of one raw; none where its samples cannot be looked at. */
export async function findingsOf(
  settings: Settings,
  { dataset, raw }: { readonly dataset: string; readonly raw?: string },
): Promise<readonly Finding[]> {
  try {
    using held = heldSamples(settings, dataset);
    return await newestFindings(held, { count: SHOWN, ...(raw === undefined ? {} : { raw }) });
  } catch (error) {
    // The samples, or the entry, say why.
    if (error instanceof Failure) return [];
    throw error;
  }
}

/** A notice of findings; `now` is ms since epoch. */
export function findingsHtml(dataset: string, findings: readonly Finding[], now: number): Html {
  if (findings.length === 0) return html``;
  return html`<section class="notice" aria-label="Findings">
    <p><strong>Found in its samples</strong></p>
    <ul>
      ${findings.map((finding) => lineHtml(dataset, finding, now))}
    </ul>
  </section>`;
}

function lineHtml(dataset: string, finding: Finding, now: number): Html {
  const { raw, at, more } = finding;
  const ms = Date.parse(at);
  const href = entryAddress({ dataset, raw });
  const name = html`<span class="path">${isolated(raw, 300)}</span>`;
  const others = more === 0 ? "" : `; ${counted(more, "more change")}`;
  return html`<li>
    ${href === undefined ? name : html`<a href="${href}">${name}</a>`}:
    ${isolated(detailsOf(finding).join("; ") + others, 500)}
    <span class="muted">${timeHtml(ms, agoText(ms, now))}</span>
  </li>`;
}
