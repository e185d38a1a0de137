import { countText, counted, printable } from "../../lib/text.ts";
import type { Estimated } from "../../regions/estimated.ts";
import { type FigureRow, figureTable, moneyText, priceNote } from "./figure-table.ts";
import { tableAs } from "./table-out.ts";

const MONEY = ["replication", "storage", "staging", "direct", "saving"] as const;

/** An estimate for people. */
export function estimateText(estimated: Estimated): string {
  const { prices, recommendation } = estimated;
  const rows = rowsOf(estimated).map(([name, value, formula]): FigureRow => [
    name,
    shown(name, value),
    formula,
  ]);
  return [
    planText(estimated),
    "",
    figureTable(rows, prices.currency),
    "",
    printable(recommendation),
    printable(priceNote(prices)),
    "A GB has 2^30 bytes. Requests are not counted.",
  ].join("\n");
}

/** The same figures as CSV; for a person without what a spreadsheet would run. */
export function estimateCsv(estimated: Estimated, isForPerson: boolean): string {
  const names = ["figure", "value", "formula"];
  const rows = rowsOf(estimated).map(([name, value, formula]) => [
    name,
    value === null ? null : String(value),
    formula,
  ]);
  const columns = names.map((name) => ({ name, type: "text" }));
  return tableAs("csv", { title: null, columns, rows, notes: [] }, isForPerson);
}

type Row = readonly [name: string, value: number | null, formula: string];

function rowsOf(estimated: Estimated): readonly Row[] {
  const { savingPercent, breakEvenReaders } = estimated;
  return [
    ...MONEY.map((name) => [name, estimated[name].amount, estimated[name].formula] as const),
    ["savingPercent", savingPercent, "100 × saving / direct"],
    ["breakEvenReaders", breakEvenReaders, "fewest readers a region with which staging costs less"],
  ];
}

function shown(name: string, value: number | null): string {
  if (value === null) return "none";
  if (name === "savingPercent") return `${value} %`;
  return name === "breakEvenReaders" ? countText(value) : moneyText(value);
}

function planText({ dataSizeGb, bytes, instances, regions, days }: Estimated): string {
  const [first = "", ...others] = regions;
  const where = others.length === 0 ? first : `${first}, read there and in ${others.join(", ")}`;
  const size = `${dataSizeGb} GB (${countText(bytes)} bytes)`;
  const readers = `${counted(instances, "reader")} in each`;
  return printable(`${size} in ${where}; ${readers}; kept ${counted(days, "day")}`);
}
