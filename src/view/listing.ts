import { cut } from "../decode/cell.ts";
import { type Counted, tableOf } from "./table.ts";
import type { Table } from "./types.ts";

/** Name, size and time of an entry, as `src/formats/listing.ts` writes them. */
const entryLine = /^([^\t]*)\t(\d+)\t(|[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/;
const escapes: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "\\": "\\" };

/** A table of the entries of an archive; undefined where the lines are not a listing. */
export function listingTable({
  lines,
  rows,
  counted,
}: {
  readonly lines: readonly string[];
  readonly rows: number;
  readonly counted?: Counted | undefined;
}): Table | undefined {
  if (lines.length === 0 || !lines.every((line) => entryLine.test(line))) return undefined;
  return tableOf({
    columns: [
      { name: "name", type: "text" },
      { name: "size", type: "integer" },
      { name: "time", type: "timestamp" },
    ],
    rows: lines.slice(0, rows).map(cellsOf),
    counted: counted ?? { rows: lines.length },
  });
}

/** The name in the first line of a listing. */
export function firstListed(lines: readonly string[]): string | undefined {
  return lines[0] === undefined ? undefined : (cellsOf(lines[0])[0] ?? undefined);
}

function cellsOf(line: string): (string | null)[] {
  const [, name = "", size = "", time = ""] = entryLine.exec(line) ?? [];
  const plain = name.replace(/\\([tnr\\])/g, (_, letter: string) => escapes[letter] as string);
  return [cut(plain), size, time === "" ? null : time];
}
