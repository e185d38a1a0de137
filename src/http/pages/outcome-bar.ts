import { html } from "hono/html";
import type { Html } from "./layout.ts";
import { countText } from "../../lib/text.ts";

/** Entries by outcome; the counts may overlap: a failed one waits for another try. */
export interface OutcomeCounts {
  readonly entries: number;
  readonly sampled: number;
  readonly described: number;
  readonly failed: number;
  readonly pruned: number;
}

/** The parts of a bar, in the order in which they stand; they add up to all entries. */
const barParts = ["failed", "waiting", "sampled", "described", "pruned"] as const;
type Part = (typeof barParts)[number];

/**
 * Width of a part, at least: even a tenth of a percent can be seen then, and a smaller share is not
 * overlooked either.
 */
const LEAST_PERCENT = 2;

/**
 * A bar of 100 by 8 that shows how entries divide: failed ones, those without an outcome yet,
 * sampled ones, described ones, and those whose sample retention removed. The style sheet colours it; its label
 * says the same in words.
 */
export function outcomeBar(counts: OutcomeCounts): Html {
  const { entries, sampled, described, failed, pruned } = counts;
  if (entries === 0) return html`<span class="muted">no entries</span>`;
  const waiting = Math.max(0, entries - sampled - described - failed - pruned);
  const parts = { failed, waiting, sampled, described, pruned };
  const widths = barParts.map((part) =>
    parts[part] === 0 ? 0 : Math.max(LEAST_PERCENT, (100 * parts[part]) / entries),
  );
  const scale = 100 / widths.reduce((sum, width) => sum + width, 0);
  let x = 0;
  const rects = barParts.map((part, i) => {
    const width = (widths[i] as number) * scale;
    const at = x;
    x += width;
    if (width === 0) return html``;
    return html`<rect
      class="${part}"
      x="${at.toFixed(2)}"
      y="0"
      width="${width.toFixed(2)}"
      height="8"
    />`;
  });
  const words = barParts
    .filter((part) => parts[part] > 0)
    .map((part) => `${countText(parts[part])} ${wordOf(part)}`);
  return html`<svg
    class="bar"
    viewBox="0 0 100 8"
    preserveAspectRatio="none"
    role="img"
    aria-label="${words.join(", ")}"
  >
    ${rects}
  </svg>`;
}

/** The key of the bar's colours. */
export function barKey(): Html {
  const one = (part: Part) =>
    html`<svg class="key" viewBox="0 0 8 8" aria-hidden="true">
        <rect class="${part}" width="8" height="8" /></svg
      >${wordOf(part)} `;
  return html`${barParts.map(one)}`;
}

function wordOf(part: Part): string {
  return part === "waiting" ? "new" : part;
}
