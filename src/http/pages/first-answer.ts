import { html } from "hono/html";
import { explained } from "../../errors.ts";
import type { Verdict } from "../../inspect/health.ts";
import type { DatasetStatus, StatusReport } from "../../inspect/status.ts";
import { counted, countText, durationText } from "../../lib/text.ts";
import { datasetAddress, entryAddress, type Html, isolated } from "./layout.ts";
import { address } from "./query.ts";

/** Datasets that are named for one thing that is wrong. */
const MOST_NAMED = 5;
/** Age above which due entries are more than a moment's backlog, s. */
const BEHIND_SECONDS = 60;

/** The things that are wrong, as numbers: what people have acknowledged is not among them. */
interface Wrong {
  readonly files: number;
  readonly lines: number;
  readonly invalid: number;
  readonly behind: readonly DatasetStatus[];
}

/** Failed files and bad manifest lines that nobody has acknowledged: the number in the tab's title. */
export function failureCount({ totals }: StatusReport): number {
  const { failed, acknowledged, rejected, acknowledgedLines } = totals;
  return failed - acknowledged + rejected - acknowledgedLines;
}

/**
 * The first question first: is it well, what is wrong, and where. `waits` has the reason of each
 * dataset that waits; there is no report while the cache cannot be read.
 */
export function firstAnswer(
  { kind, word }: Verdict,
  report: StatusReport | undefined,
  waits: ReadonlyMap<string, string>,
): Html {
  const wrong = report === undefined ? undefined : wrongIn(report, waits);
  const said = [...daemonTexts(kind, word), ...(wrong === undefined ? [] : textsOf(wrong))];
  const sentence = said.length === 0 ? wellText(word) : `${said.join(", ")}.`;
  const sign =
    said.length === 0 ? "well" : kind === "bad" || hasFailed(wrong) ? "unwell" : "waiting";
  return html`<section class="answer" aria-label="State">
    <div class="title">
      <h1 class="badge ${sign}">${sentence[0]?.toUpperCase()}${sentence.slice(1)}</h1>
      <a href="/">Refresh</a>
    </div>
    ${report === undefined || wrong === undefined ? html`` : listHtml(report, wrong, waits)}
  </section>`;
}

function daemonTexts(kind: Verdict["kind"], word: Verdict["word"]): string[] {
  if (kind === "bad") return [`the daemon is ${word}`];
  if (word === "stopped") return ["no daemon runs"];
  if (word === "starting") return ["the daemon is starting"];
  return word === "waits" ? ["the daemon waits"] : [];
}

function wellText(word: Verdict["word"]): string {
  return word === "at work" ? "all is well, and at work." : "all is well.";
}

function hasFailed(wrong: Wrong | undefined): boolean {
  return wrong !== undefined && wrong.files + wrong.lines + wrong.invalid > 0;
}

function wrongIn({ datasets, totals }: StatusReport, waits: ReadonlyMap<string, string>): Wrong {
  return {
    files: totals.failed - totals.acknowledged,
    lines: totals.rejected - totals.acknowledgedLines,
    invalid: totals.invalid,
    behind: datasets
      .filter(
        ({ dataset, oldestDueSeconds }) =>
          waits.has(dataset) || (oldestDueSeconds ?? 0) > BEHIND_SECONDS,
      )
      .toSorted((a, b) => (b.oldestDueSeconds ?? 0) - (a.oldestDueSeconds ?? 0)),
  };
}

function textsOf({ files, lines, invalid, behind }: Wrong): string[] {
  return [
    ...(behind.length > 0 ? [`${counted(behind.length, "dataset")} behind`] : []),
    ...(files > 0 ? [`${counted(files, "file")} failed`] : []),
    ...(lines > 0 ? [counted(lines, "bad manifest line")] : []),
    ...(invalid > 0 ? [`${counted(invalid, "file")} not as contracted`] : []),
  ];
}

function listHtml(
  { failures, datasets }: StatusReport,
  { lines, invalid, behind }: Wrong,
  waits: ReadonlyMap<string, string>,
): Html {
  const codes = failures.filter(({ entries, acknowledged }) => entries > acknowledged);
  const failing = mostFirst(datasets, ({ failed, acknowledged }) => failed - acknowledged);
  const rejecting = mostFirst(datasets, (each) => each.rejected - each.acknowledgedLines);
  const breaking = mostFirst(datasets, (each) => each.invalid);
  const items = [
    ...behind.slice(0, MOST_NAMED).map((each) => behindHtml(each, waits.get(each.dataset))),
    ...(behind.length > MOST_NAMED
      ? [
          html`<a href="/?sort=oldest"
            >${counted(behind.length - MOST_NAMED, "more dataset")} behind</a
          >`,
        ]
      : []),
    ...codes.map(codeHtml),
    ...(failing.length > 0
      ? [
          html`Failed in
          ${namedHtml(failing, (dataset) => datasetAddress(dataset, { outcome: "failed" }), "failed")}`,
        ]
      : []),
    ...(lines > 0
      ? [
          html`<a href="${address("/failures", { code: "LINE_INVALID" })}"
              ><code>LINE_INVALID</code> ${counted(lines, "manifest line")}</a
            >
            in
            ${namedHtml(rejecting, (dataset) => address("/failures", { dataset, code: "LINE_INVALID" }), "rejected")}`,
        ]
      : []),
    ...(invalid > 0
      ? [
          html`Not as contracted in
          ${namedHtml(breaking, (dataset) => datasetAddress(dataset), "worst")}`,
        ]
      : []),
  ];
  if (items.length === 0) return html``;
  return html`<ul>
    ${items.map((item) => html`<li>${item}</li>`)}
  </ul>`;
}

function behindHtml(
  { dataset, due, oldestDueSeconds }: DatasetStatus,
  why: string | undefined,
): Html {
  const href = datasetAddress(dataset, { outcome: due > 0 ? "waiting" : undefined });
  const age =
    oldestDueSeconds === null ? "" : `, the oldest for ${durationText(oldestDueSeconds * 1000)}`;
  const reason = why === undefined ? html`` : html`: ${isolated(why, 300)}`;
  return html`<a href="${href}">${isolated(dataset)}</a>
    ${why === undefined ? "is behind" : "waits"}, ${counted(due, "file")} due${age}${reason}`;
}

function codeHtml({
  code,
  entries,
  acknowledged,
  example,
}: StatusReport["failures"][number]): Html {
  const href = entryAddress(example, "/entry", { list: "failed" });
  const name = html`<span class="path">${isolated(example.raw, 200)}</span>`;
  return html`<a href="${address("/failures", { code })}"
      ><code>${code}</code> ${counted(entries - acknowledged, "file")}</a
    >: ${explained(code).meaning}
    <span class="muted"
      >Such as ${href === undefined ? name : html`<a href="${href}">${name}</a>`}.</span
    >`;
}

/** A number of a dataset. */
interface Share {
  readonly dataset: string;
  readonly n: number;
}

function mostFirst(
  datasets: readonly DatasetStatus[],
  numberOf: (status: DatasetStatus) => number,
): readonly Share[] {
  return datasets
    .map((status) => ({ dataset: status.dataset, n: numberOf(status) }))
    .filter(({ n }) => n > 0)
    .toSorted((a, b) => b.n - a.n);
}

function namedHtml(
  shares: readonly Share[],
  hrefOf: (dataset: string) => string,
  sort: "failed" | "rejected" | "worst",
): Html {
  const named = shares
    .slice(0, MOST_NAMED)
    .map(
      ({ dataset, n }, i) =>
        html`${i === 0 ? "" : ", "}<a href="${hrefOf(dataset)}">${isolated(dataset)}</a>
          (${countText(n)})`,
    );
  const left = shares.length - MOST_NAMED;
  const more =
    left <= 0
      ? html``
      : html` and
          <a href="${address("/", { sort: sort === "worst" ? undefined : sort })}"
            >${counted(left, "more dataset")}</a
          >`;
  return html`${named}${more}`;
}
