import { html } from "hono/html";
import { type Validation, validationText } from "../../checks/contract/validation.ts";
import { formatText, readText, rowsText, strategyText } from "../../lib/text.ts";
import type { Receipt } from "../../samples/receipts.ts";
import type { WholeEntry } from "../../store/rows.ts";
import { type Row, sizeHtml } from "./fact-card.ts";
import { type Html, isolated } from "./layout.ts";
import { agoText, timeText } from "./text.ts";

/** The making of the sample, as its receipt says; `now` is ms since epoch. */
export function sampleRows(
  entry: WholeEntry,
  receipt: Receipt | null,
  now: number,
): readonly Row[] {
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
          ["Chosen", textRow(strategyText(receipt["strategy"], receipt["parts"], receipt["why"]))],
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
    ["Holds", rows === null ? undefined : html`${rowsText(rows, receipt?.["sourceRows"])}`],
    ["Size", bytes === null ? undefined : sizeHtml(bytes)],
    ...made,
    ["Contract", contractHtml(receipt?.["validation"])],
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

/** The verdict of a receipt in words; undefined where there is none. */
function contractHtml(validation: unknown): Html | undefined {
  if (typeof validation !== "object" || validation === null) return undefined;
  return isolated(validationText(validation as Validation), 2000);
}

function cutHtml({ complete, cut, strategy = "head" }: Receipt): Html | undefined {
  if (complete === true) return html`all of the file`;
  const what = strategy === "head" ? "the beginning" : "some of its records";
  if (cut === "rows" || cut === "bytes" || cut === "members")
    return html`${what}: cut by <code>sample.${cut}</code>`;
  return complete === false ? html`${what}` : undefined;
}

/** The file that the sample is of. */
export function sourceRows({ raw, bronze, mtime, sourceSize }: WholeEntry): readonly Row[] {
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
