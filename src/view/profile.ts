import { counted } from "../lib/text.ts";
import type { Column, Table, View } from "./types.ts";

/** Examples of a column's values, bars of its distribution, and characters of a value that is shown. */
const EXAMPLES = 3;
const BARS = 8;
const MOST_CHARACTERS = 40;
const BAR = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

const columns: readonly Column[] = [
  { name: "column", type: "text" },
  { name: "type", type: "text" },
  { name: "values", type: "integer" },
  { name: "nulls", type: "integer" },
  { name: "distinct", type: "integer" },
  { name: "min", type: "text" },
  { name: "max", type: "text" },
  { name: "mean", type: "number" },
  { name: "length", type: "text" },
  { name: "distribution", type: "text" },
  { name: "examples", type: "text" },
];

/**
 * The columns of a view's tables, with a row for each: its values, over the rows that the view has,
 * which are those of a sample. An empty cell counts as a null. Numbers are compared as such, all
 * else by characters; the distribution is that of numbers from the least to the greatest, else of the
 * most frequent values. Of a table `mostColumns` are looked at.
 */
export function profileOf(view: View, mostColumns = Infinity): View {
  return { ...view, tables: view.tables.map((table) => profileTable(table, mostColumns)) };
}

function profileTable({ title, columns: all, rows, notes }: Table, mostColumns: number): Table {
  const profiled = all.slice(0, mostColumns).map((column, i) =>
    profileColumn(
      column,
      rows.map((row) => row[i] ?? ""),
    ),
  );
  const over = `over ${counted(rows.length, "row")} of the sample`;
  const left = all.length - profiled.length;
  const more = left > 0 ? [`${counted(left, "more column")}`] : [];
  return { title, columns, rows: profiled, notes: [over, ...notes, ...more] };
}

function profileColumn({ name, type }: Column, cells: readonly string[]): (string | null)[] {
  const values = cells.filter((cell) => cell !== "");
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const frequent = [...counts].toSorted(([, a], [, b]) => b - a);
  const numbers = isNumeric(type) ? values.map(Number).filter(Number.isFinite) : [];
  const isNumbers = numbers.length === values.length && values.length > 0;
  const [least, most] = isNumbers ? ends(values, byNumber) : ends(values, byText);
  const bars = isNumbers ? histogram(numbers) : frequent.slice(0, BARS).map(([, count]) => count);
  return [
    name,
    type,
    String(values.length),
    String(cells.length - values.length),
    String(counts.size),
    least === undefined ? null : short(least),
    most === undefined ? null : short(most),
    isNumbers ? meanOf(numbers) : null,
    lengthsOf(values),
    barsOf(bars) || null,
    frequent
      .slice(0, EXAMPLES)
      .map(([value]) => short(value))
      .join(", ") || null,
  ];
}

/** True for types of numbers: our own words, and those of formats, such as `decimal(10, 2)`. */
function isNumeric(type: string): boolean {
  return /^(integer|number|u?int|float|double|decimal|long|short|byte)/i.test(type);
}

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function ends(
  values: readonly string[],
  compare: (a: string, b: string) => number,
): readonly [string | undefined, string | undefined] {
  let [least, most] = [values[0], values[0]];
  for (const value of values) {
    if (compare(value, least as string) < 0) least = value;
    if (compare(value, most as string) > 0) most = value;
  }
  return [least, most];
}

/** The mean of some numbers, with six digits at most. */
function meanOf(numbers: readonly number[]): string {
  const mean = numbers.reduce((sum, number) => sum + number / numbers.length, 0);
  return String(Number(mean.toPrecision(6)));
}

/** The least and the greatest number of characters. */
function lengthsOf(values: readonly string[]): string | null {
  if (values.length === 0) return null;
  let [least, most] = [Infinity, 0];
  for (const { length } of values) {
    least = Math.min(least, length);
    most = Math.max(most, length);
  }
  return least === most ? String(least) : `${least}–${most}`;
}

/** Counts of numbers in ranges of equal width, from the least to the greatest. */
function histogram(numbers: readonly number[]): number[] {
  const least = numbers.reduce((a, b) => Math.min(a, b));
  const most = numbers.reduce((a, b) => Math.max(a, b));
  if (least === most) return [numbers.length];
  const counts = Array.from({ length: BARS }, () => 0);
  for (const number of numbers) {
    // By halves, since all of the range may be more than a number holds.
    const part = (number / 2 - least / 2) / (most / 2 - least / 2);
    const bar = Math.min(BARS - 1, Math.floor(part * BARS));
    counts[bar] = (counts[bar] as number) + 1;
  }
  return counts;
}

/** Bars as high as the counts, the highest as high as a line; none at all where there are no values. */
function barsOf(counts: readonly number[]): string {
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const bar = (count: number) => BAR[Math.ceil((count / most) * BAR.length) - 1] ?? " ";
  return counts.map(bar).join("");
}

function short(value: string): string {
  const kept = value.slice(0, MOST_CHARACTERS).toWellFormed();
  return value.length > MOST_CHARACTERS ? `${kept}…` : kept;
}
