import { styleText } from "node:util";
import stringWidth from "string-width";
import type { Column, Table, View } from "../../view/view.ts";
import type { Context } from "../command.ts";
import { counted, printable } from "../../lib/text.ts";
import { clip, pad } from "./print.ts";

/** The layout of a view. */
export interface Layout {
  /** Columns of the terminal; 0 for no limit. */
  readonly width: number;
  readonly hasColour: boolean;
}

/** The layout without a terminal. */
const DEFAULT_WIDTH = 120;
/**
 * Greatest widths of a column, tried in this order until all columns fit; with the last one,
 * columns that do not fit are left out.
 */
const WIDTHS = [Infinity, 40, 24];
const GAP = "  ";
const NULL = "∅";
/** Types whose cells stand to the right. */
const numeric = /^(integer|number|u?int\d*|long|float\d*|double|decimal\b.*)$/;

/** The layout for an output: `--width`, else the terminal's, else 120. */
export function layoutFor({ out, env }: Pick<Context, "out" | "env">, width?: number): Layout {
  const isPlain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return {
    width: width ?? (out.isTTY ? out.columns || DEFAULT_WIDTH : DEFAULT_WIDTH),
    hasColour: out.isTTY && !isPlain,
  };
}

/** Lays out the facts, warnings and tables of a view; without control characters. */
export function viewText({ facts, tables, warnings }: View, layout: Layout): string {
  const labels = facts.map(([name]) => printable(name));
  const longest = Math.min(24, Math.max(9, ...labels.map((label) => stringWidth(label))));
  const said = [
    ...facts.map(([, value], i) => `  ${pad(labels[i] as string, longest)} ${printable(value)}`),
    ...warnings.map((warning) => `  ${pad("warning", longest)} ${printable(warning)}`),
  ];
  const blocks = said.length === 0 ? [] : [said.join("\n")];
  return [...blocks, ...tables.map((table) => tableText(table, layout))].join("\n\n");
}

/** A table: names, types, rows; then the columns that were left out, and its notes. */
function tableText({ title, columns, rows, notes }: Table, layout: Layout): string {
  const dim = (text: string) => style("dim", text, layout);
  const cells = rows.map((row) => columns.map((_, i) => cellText(row[i] ?? null)));
  const { widths, shown } = fit(columns, cells, layout.width);
  const isRight = columns.map(({ type }) => numeric.test(type));
  const line = (texts: readonly string[], styled: (text: string, i: number) => string) =>
    Array.from({ length: shown }, (_, i) => {
      const [text, width] = [clip(texts[i] ?? "", widths[i] as number), widths[i] as number];
      const space = " ".repeat(Math.max(0, width - stringWidth(text)));
      const isLast = i === shown - 1;
      if (isRight[i] === true) return space + styled(text, i);
      return styled(text, i) + (isLast ? "" : space);
    })
      .join(GAP)
      .trimEnd();
  const left = columns.slice(shown).map(({ name }) => printable(name));
  const more =
    left.length === 0 ? [] : [`… ${counted(left.length, "more column")}: ${left.join(", ")}`];
  const isShown = columns.length > 0;
  return [
    ...(title === null ? [] : [style("bold", printable(title), layout)]),
    ...(isShown ? [line(namesOf(columns), (text) => style("bold", text, layout))] : []),
    ...(isShown ? [line(columns.map(typeText), dim)] : []),
    ...cells.map((row, r) => line(row, (text, i) => (rows[r]?.[i] === null ? dim(text) : text))),
    ...more.map((note) => dim(layout.width === 0 ? note : clip(note, layout.width))),
    ...notes.map((note) => dim(`(${printable(note)})`)),
  ].join("\n");
}

function namesOf(columns: readonly Column[]): string[] {
  return columns.map(({ name }) => printable(name));
}

function typeText({ type }: Column): string {
  return printable(type);
}

function cellText(cell: string | null): string {
  return cell === null ? NULL : printable(cell);
}

/** Widths of the columns, and the number of those there is room for: at least one. */
function fit(
  columns: readonly Column[],
  cells: readonly (readonly string[])[],
  width: number,
): { readonly widths: readonly number[]; readonly shown: number } {
  const wanted = columns.map(({ name, type }, i) =>
    Math.max(
      ...[printable(name), printable(type), ...cells.map((row) => row[i] ?? "")].map((text) =>
        stringWidth(text),
      ),
    ),
  );
  if (width === 0) return { widths: wanted, shown: columns.length };
  if (columns.length === 1) return { widths: [Math.min(width, wanted[0] as number)], shown: 1 };
  for (const most of WIDTHS) {
    const widths = wanted.map((one) => Math.min(one, most));
    const shown = fitting(widths, width);
    if (shown === columns.length) return { widths, shown };
  }
  const widths = wanted.map((one) => Math.min(one, WIDTHS.at(-1) as number, width));
  return { widths, shown: Math.max(1, fitting(widths, width)) };
}

function fitting(widths: readonly number[], width: number): number {
  let used = -GAP.length;
  const beyond = widths.findIndex((one) => (used += one + GAP.length) > width);
  return beyond < 0 ? widths.length : beyond;
}

function style(format: "dim" | "bold", text: string, { hasColour }: Layout): string {
  return hasColour && text !== "" ? styleText(format, text, { validateStream: false }) : text;
}
