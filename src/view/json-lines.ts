import { countText } from "../lib/text.ts";
import { parseJson } from "../decode/cell.ts";
import { recordsTable } from "./records.ts";
import { encodingFacts, linesOf, textOf } from "../decode/text-of.ts";
import type { Viewer } from "./viewer.ts";

/** JSON Lines: a column for each key. Lines that are not JSON are shown as text. */
export const viewJsonLines: Viewer = ({ bytes, rows, counted }) => {
  const decoded = textOf(bytes);
  const lines = linesOf(decoded).filter((line) => line.trim() !== "");
  const broken: number[] = [];
  const values = lines.map((line, i) => {
    try {
      return parseJson(line);
    } catch {
      broken.push(i + 1);
      return line;
    }
  });
  const notes = broken.length === 0 ? [] : [brokenNote(broken, lines.length)];
  const table = recordsTable({ values, rows, counted, notes });
  return { facts: encodingFacts(decoded), tables: [table], warnings: decoded.warnings };
};

function brokenNote([first = 1, ...others]: readonly number[], lines: number): string {
  const which = others.length === 0 ? `row ${first} is` : `${others.length + 1} rows are`;
  return `${which} not JSON, of ${countText(lines)}: shown as text`;
}
