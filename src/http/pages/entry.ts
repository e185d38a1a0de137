import type { WholeEntry } from "../../store/rows.ts";
import { html } from "hono/html";
import { decide } from "../../store/decide.ts";
import { explained, type FailureCode } from "../../errors.ts";
import type { Receipt } from "../../samples/receipts.ts";
import type { View } from "../../view/view.ts";
import { deadLetterText, retryText } from "./code-help.ts";
import type { Command } from "./commands.ts";
import { outcomeBadges } from "./files.ts";
import { datasetAddress, entryAddress, type Html, isolated, timeHtml } from "./layout.ts";
import { sampleTables } from "./sample-tables.ts";
import { bytesText, countText, fileName, formatText, readText } from "../../lib/text.ts";
import { agoText, timeText } from "./text.ts";

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
export function entryView(facts: EntryFacts): Html {
  const { entry, view, commands, now } = facts;
  return html`<h1>${isolated(fileName(entry.raw), 300)}</h1>
    <p>
      ${outcomeBadges(entry)}
      <span class="muted"
        >in <a href="${datasetAddress(entry.dataset)}">${isolated(entry.dataset)}</a></span
      >
    </p>
    ${failureHtml(entry)} ${view === undefined ? html`` : sampleHtml(entry, view)}
    <div class="facts part">
      ${card("What became of it", stateRows(entry, now))} ${card("The sample", sampleRows(facts))}
      ${card("The source", sourceRows(entry))}
      <section class="card">
        <h2>In a shell on this machine</h2>
        ${commandsHtml(commands, entry)}
      </section>
    </div>`;
}

type Row = readonly [string, Html | undefined];

function card(title: string, rows: readonly Row[]): Html {
  const there = rows.filter(([, value]) => value !== undefined);
  return html`<section class="card">
    <h2>${title}</h2>
    <dl>
      ${there.map(
        ([label, value]) =>
          html`<dt>${label}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
  </section>`;
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

function sampleHtml(entry: WholeEntry, view: View | Error): Html {
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

function stateRows(entry: WholeEntry, now: number): readonly Row[] {
  const { outcome, at, nextAt, attempts, failedAt, code, reason } = entry;
  const next = nextAt === null ? undefined : Date.parse(nextAt);
  const isDue = next !== undefined && next <= now;
  return [
    ["Outcome", outcome === null ? html`none yet` : html`${outcome}`],
    ["Since", momentHtml(at, now)],
    [isDue ? "Due since" : "Next try", next === undefined ? undefined : momentHtml(nextAt, now)],
    ["Tries", attempts === 0 ? undefined : html`${countText(attempts)}`],
    ["First failed", momentHtml(failedAt, now)],
    ["Retries", triedAgain(entry)],
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

function lineText({ mtime, nextAt, outcome, doneMtime }: WholeEntry): string {
  const at = nextAt === null ? null : Date.parse(nextAt);
  return {
    unchanged: "changes nothing",
    superseding: "takes the place of the one that waits",
    due: "makes it due at once",
  }[decide(mtime, { nextAt: at, outcome, doneMtime })];
}

function sampleRows({ entry, receipt, now }: EntryFacts): readonly Row[] {
  const { sample, format, rows, bytes, outcome } = entry;
  const sampledAt = entry.sampledAt === null ? null : Date.parse(entry.sampledAt);
  if (sample === null)
    return [["Path", html`${outcome === "pruned" ? "removed by retention" : "none"}`]];
  const warnings = Array.isArray(receipt?.["warnings"]) ? receipt["warnings"].map(String) : [];
  const made: readonly Row[] =
    receipt === null
      ? [["Receipt", html`not found where it should be; <code>explain</code> reads all of them`]]
      : [
          ["Recognised by", textRow(receipt["recognisedBy"])],
          [
            "Kept",
            format === "metadata" ? html`what it is, and not its content` : cutHtml(receipt),
          ],
          ["Read of it", readRow(receipt)],
          ["Took", typeof receipt["ms"] === "number" ? html`${receipt["ms"]} ms` : undefined],
          ["Sampler", textRow(receipt["sampler"])],
        ];
  return [
    ["Path", html`<span class="path">${isolated(sample)}</span>`],
    [
      "Made",
      sampledAt === null ? undefined : html`${timeText(sampledAt)}, ${agoText(sampledAt, now)}`,
    ],
    ["Format", format === null ? undefined : isolated(formatText(format, sample))],
    ["Rows", rows === null ? undefined : html`${countText(rows)}`],
    ["Size", bytes === null ? undefined : sizeHtml(bytes)],
    ...made,
    [
      "Warnings",
      warnings.length === 0
        ? undefined
        : html`<ul>
            ${warnings.slice(0, 20).map((warning) => html`<li>${isolated(warning, 300)}</li>`)}
          </ul>`,
    ],
  ];
}

function cutHtml({ complete, cut }: Receipt): Html | undefined {
  if (complete === true) return html`all of the file`;
  if (cut === "rows" || cut === "bytes" || cut === "members")
    return html`the beginning: cut by <code>sample.${cut}</code>`;
  return complete === false ? html`the beginning` : undefined;
}

function sourceRows({ raw, bronze, mtime, sourceSize }: WholeEntry): readonly Row[] {
  return [
    ["Arrived as", html`<span class="path">${isolated(raw)}</span>`],
    ["Bronze", html`<span class="path">${isolated(bronze)}</span>`],
    ["mtime", html`${timeText(mtime * 1000)} <span class="muted mono">${mtime}</span>`],
    [
      "Size",
      sourceSize === null
        ? html`<span class="muted">not known before it is read</span>`
        : sizeHtml(sourceSize),
    ],
  ];
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

function momentHtml(iso: string | null, now: number): Html | undefined {
  if (iso === null) return undefined;
  const ms = Date.parse(iso);
  return html`${timeHtml(ms)}, ${agoText(ms, now)}`;
}

function sizeHtml(bytes: number): Html {
  const exact =
    bytes < 1024 ? html`` : html` <span class="muted">(${countText(bytes)} bytes)</span>`;
  return html`${bytesText(bytes)}${exact}`;
}

function textRow(value: unknown): Html | undefined {
  return typeof value === "string" ? isolated(value, 200) : undefined;
}

function readRow({ readBytes, sourceSize, requests }: Receipt): Html | undefined {
  const [read, size, asked] = [readBytes, sourceSize, requests].map(numberOrNull);
  return typeof read === "number" ? html`${readText(read, size ?? null, asked)}` : undefined;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
