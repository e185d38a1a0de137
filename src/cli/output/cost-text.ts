import { bytesText, counted, countText, printable } from "../../lib/text.ts";
import type { CostReport, ReportedStaging } from "../../regions/cost-report.ts";
import type { Costs } from "../../regions/costs.ts";
import { type FigureRow, figureTable, moneyText, priceNote } from "./figure-table.ts";
import { table } from "./print.ts";
import { tableAs } from "./table-out.ts";

/** Stagings that are named, the dearest ones. */
const MOST_SHOWN = 10;

/** The figures in the order in which they are shown. */
const FIGURES = [
  "replication",
  "source",
  "storage",
  "requests",
  "total",
  "direct",
  "saving",
] as const satisfies readonly (keyof Costs)[];

/** The cost of stagings, for people. */
export function costText(report: CostReport): string {
  const { since, until, prices, stagings } = report;
  const from = since === null ? "Until" : `From ${since} to`;
  return [
    `${from} ${until}: ${counted(stagings.length, "staging")}`,
    "",
    ...costLines(report, prices.currency),
    ...(stagings.length === 0 ? [] : ["", stagingTable(stagings, prices.currency)]),
    "",
    printable(priceNote(prices)),
    "A GB has 2^30 bytes, a month 30 days. Days of use are whole days, UTC.",
  ].join("\n");
}

/** The figures alone, as a table. */
export function costLines(costs: Costs, currency: string): string[] {
  const rows = FIGURES.map((name): FigureRow => [
    name,
    moneyText(costs[name].amount),
    printable(costs[name].formula),
  ]);
  return figureTable(rows, currency).split("\n");
}

function stagingTable(stagings: readonly ReportedStaging[], currency: string): string {
  const headings = ["STAGING ID", "NAME", "SIZE", "USES", currency, "SAVING", "SWEEP ID", ""];
  const rows = stagings
    .slice(0, MOST_SHOWN)
    .map((each) => [
      each.staging_id,
      each.filename,
      bytesText(each.size_bytes),
      each.uses,
      moneyText(each.cost),
      moneyText(each.saving),
      each.sweep_id ?? "-",
      each.is_there ? "" : "removed",
    ]);
  const more = stagings.length - rows.length;
  return `${table(headings, rows)}${more > 0 ? `\nand ${countText(more)} more that cost less` : ""}`;
}

/** The figures and all stagings as CSV; for a person without what a spreadsheet would run. */
export function costCsv(report: CostReport, isForPerson: boolean): string {
  const columns = ["kind", "name", "amount", "saving", "formula"].map((name) => ({
    name,
    type: "text",
  }));
  const rows = [
    ...FIGURES.map((name) => {
      const { amount, formula } = report[name];
      return ["figure", name, String(amount), null, formula];
    }),
    ...report.stagings.map(({ staging_id, cost, saving }) => [
      "staging",
      staging_id,
      String(cost),
      String(saving),
      null,
    ]),
  ];
  return tableAs("csv", { title: null, columns, rows, notes: [] }, isForPerson);
}
