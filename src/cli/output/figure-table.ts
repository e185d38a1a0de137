import { table } from "./print.ts";

/** A row: a figure's name, its value as it is shown, and its formula. */
export type FigureRow = readonly [name: string, value: string, formula: string];

const money = new Intl.NumberFormat("en-US", {
  minimumFractionDigits: 2,
  maximumFractionDigits: 4,
});

/** An amount of money as it is shown. */
export function moneyText(amount: number): string {
  return money.format(amount);
}

/** A table of figures for people, values at the right of their column. */
export function figureTable(rows: readonly FigureRow[], currency: string): string {
  const widest = Math.max(...rows.map(([, value]) => value.length));
  const aligned = rows.map(([name, value, formula]) => [name, value.padStart(widest), formula]);
  return table(["FIGURE", currency.padStart(widest), "FORMULA"], aligned);
}

/** The sentence that goes with every figure. */
export function priceNote({ asOf, source }: { readonly asOf: string; readonly source: string }) {
  return `An estimate, by prices of ${asOf}: ${source}.`;
}
