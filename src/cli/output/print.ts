import { once } from "node:events";
import stringWidth from "string-width";
import { jsonText, printable, printableLines } from "../../lib/text.ts";

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The output of a command. */
export interface Output {
  /** For data. */
  readonly out: NodeJS.WriteStream;
  /** For messages. */
  readonly err: NodeJS.WriteStream;
}

/** Prints one line of data, without control characters. */
export function printLine(output: Output, line: string): void {
  printText(output, printable(line));
}

/**
 * Prints text that is laid out already, of parts without control characters: lines and colours
 * stay.
 */
export function printText({ out }: Output, text: string): void {
  out.write(`${text}\n`);
}

/** Prints fields beside each other, as wide as the terminal; elsewhere separated by tabs. */
export function printFields(output: Output, fields: readonly string[]): void {
  const { isTTY, columns } = output.out;
  const shown = fields.map(printable);
  printText(output, isTTY ? clip(shown.join("  "), columns || Infinity) : shown.join("\t"));
}

/** Prints a value as indented JSON. */
export function printJson(output: Output, value: unknown): void {
  printText(output, jsonText(value, 2));
}

/** Prints a message on stderr, without control characters other than line ends. */
export function tell({ err }: Pick<Output, "err">, text: string): void {
  err.write(`${printableLines(text)}\n`);
}

/** Prints the elements of a JSON array as they come, one per line. */
export interface ArrayPrinter {
  element(value: unknown): void;
  end(): void;
}

/** Creates an array printer. */
export function arrayPrinter({ out }: Output): ArrayPrinter {
  let separator = "[\n";
  return {
    element(value) {
      out.write(`${separator}${jsonText(value)}`);
      separator = ",\n";
    },
    end: () => void out.write(separator === "[\n" ? "[]\n" : "\n]\n"),
  };
}

/** Waits while the reader of the data is behind. */
export async function drained({ out }: Output): Promise<void> {
  if (out.writableNeedDrain) await once(out, "drain");
}

/** Lays out rows under headings; numbers to the right. Cells are shown without control characters. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = rows.map((row) => row.map(cellOf));
  const widths = headings.map((heading, i) =>
    Math.max(stringWidth(heading), ...cells.map((row) => stringWidth(row[i] ?? ""))),
  );
  const isRight = headings.map((_, i) => rows.length > 0 && rows.every((row) => isNumeric(row[i])));
  const lineOf = (row: readonly string[]) =>
    row
      .map((cell, i) => pad(cell, widths[i] as number, isRight[i] === true))
      .join("  ")
      .trimEnd();
  return [headings, ...cells].map(lineOf).join("\n");
}

/** Lays out rows under headings for programs: fields separated by tabs, which no field contains. */
export function tabbed(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return [headings, ...rows].map((row) => row.map(cellOf).join("\t")).join("\n");
}

function cellOf(value: unknown): string {
  return value === null || value === undefined ? "" : printable(String(value));
}

function isNumeric(value: unknown): boolean {
  return value === null || value === undefined || typeof value === "number";
}

/** Pads a text with spaces to a width, after it or, with `right`, before it. */
export function pad(text: string, width: number, right = false): string {
  const space = " ".repeat(Math.max(0, width - stringWidth(text)));
  return right ? space + text : text + space;
}

/** Cuts a text to a width, with `…` where something was left out. */
export function clip(text: string, width: number): string {
  // Each character is at most two wide: most texts need no closer look.
  if (text.length * 2 <= width || stringWidth(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += stringWidth(segment);
    if (used > width) break;
    kept += segment;
  }
  return `${kept}…`;
}
