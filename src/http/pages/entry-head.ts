import { html } from "hono/html";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { bronzeAtHand } from "../../inspect/whole-file.ts";
import type { WholeEntry } from "../../store/rows.ts";
import type { View } from "../../view/view.ts";
import { type Html, isolated } from "./layout.ts";
import { sampleTables } from "./sample-tables.ts";
import type { ViewInThread } from "../../inspect/view-threads.ts";

/**
 * The beginning of a file that failed, which may say why; undefined where it cannot or must not be
 * looked at.
 */
export async function headOf(
  settings: Settings,
  entry: WholeEntry,
  viewInThread: ViewInThread,
): Promise<View | undefined> {
  const found = entry.outcome === "failed" ? await bronzeAtHand(settings, entry) : undefined;
  if (found === undefined) return undefined;
  try {
    return await viewInThread(found.path, { rows: 0, ...found.options }, "head");
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** The beginning of a file that failed. */
export function headHtml({ bronze }: WholeEntry, head: View | undefined): Html {
  if (head === undefined) return html``;
  const columns = { from: 0, addressOf: () => undefined };
  return html`<section>
    <h2>How the file begins</h2>
    <p class="muted"><span class="path">${isolated(bronze, 300)}</span> as it is now.</p>
    ${sampleTables(head, "h", columns, "The beginning")}
  </section>`;
}
