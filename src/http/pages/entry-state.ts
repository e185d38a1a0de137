import { html } from "hono/html";
import type { FailureCode } from "../../errors.ts";
import { fromText } from "../../inspect/from-text.ts";
import { countText } from "../../lib/text.ts";
import { shownOutcome } from "../../inspect/state-text.ts";
import { decide } from "../../store/decide.ts";
import type { WholeEntry } from "../../store/rows.ts";
import { deadLetterText, retryText } from "./code-help.ts";
import { momentHtml, type Row } from "./fact-card.ts";
import { type Html, isolated } from "./layout.ts";

/** Rows of an entry's state, and of what comes next; `now` is ms since epoch. */
export function stateRows(entry: WholeEntry, now: number): readonly Row[] {
  const { outcome, at, nextAt, attempts, failedAt, code, reason } = entry;
  const from = fromText(entry);
  const next = nextAt === null ? undefined : Date.parse(nextAt);
  const isDue = next !== undefined && next <= now;
  return [
    ["Outcome", outcome === null ? html`none yet` : html`${shownOutcome(entry)}`],
    ["Since", momentHtml(at, now)],
    [isDue ? "Due since" : "Next try", next === undefined ? undefined : momentHtml(nextAt, now)],
    ["Tries", attempts === 0 ? undefined : html`${countText(attempts)}`],
    ["First failed", momentHtml(failedAt, now)],
    ["Retries", triedAgain(entry)],
    ["Sampled from", from === undefined ? undefined : html`${from}`],
    ["Reason", reason === null ? undefined : isolated(reason, 500)],
    ["Same mtime again", html`${lineText(entry)}`],
    ["Another mtime", html`has it sampled again`],
    [
      "Retry",
      outcome === "failed" || outcome === "pruned"
        ? html`makes it due at once, as if nothing had
          ${outcome === "failed" ? "failed" : "been removed"} before`
        : html`changes nothing, since nothing failed`,
    ],
  ];

  function triedAgain({ waiting }: WholeEntry): Html | undefined {
    if (code === null) return undefined;
    return html`${waiting ? retryText(code as FailureCode) : deadLetterText(code as FailureCode)}`;
  }
}

function lineText({ mtime, nextAt, outcome, doneMtime, confirmed }: WholeEntry): string {
  const at = nextAt === null ? null : Date.parse(nextAt);
  return {
    unchanged: "changes nothing",
    superseding: "takes the place of the one that waits",
    due: "makes it due at once",
  }[decide(mtime, { nextAt: at, outcome, doneMtime, isUnconfirmed: !confirmed })];
}
