import { decodeText, isText } from "../lib/encoding.ts";
import { cut } from "../decode/cell.ts";
import { tableOf } from "./table.ts";
import type { Table } from "./types.ts";
import { counted } from "../lib/text.ts";

/** Bytes that are shown of files that cannot be shown otherwise. */
export const SHOWN_BYTES = 256;
const ROW_BYTES = 16;
/** Lines that are shown of text. */
const SHOWN_LINES = 10;

/** The first bytes of a file: its lines where it is text, else in hexadecimal. */
export function headTable(head: Uint8Array, title: string | null = null): Table {
  return isText(head) ? firstLines(head, title) : hexTable(head, title);
}

function firstLines(head: Uint8Array, title: string | null): Table {
  const lines = decodeText(head).split(/\r\n|\n|\r/);
  return tableOf({
    title,
    columns: [{ name: "line", type: "text" }],
    rows: lines.slice(0, SHOWN_LINES).map((line) => [cut(line)]),
    notes: ["the first lines of the file"],
  });
}

function hexTable(head: Uint8Array, title: string | null): Table {
  const bytes = Buffer.from(head.subarray(0, SHOWN_BYTES));
  const rows: string[][] = [];
  for (let at = 0; at < bytes.length; at += ROW_BYTES) {
    const row = bytes.subarray(at, at + ROW_BYTES);
    const hex = row.toString("hex").replace(/..(?=.)/g, "$& ");
    rows.push([
      at.toString(16).padStart(4, "0"),
      hex,
      row.toString("latin1").replace(/[^ -~]/g, "."),
    ]);
  }
  return tableOf({
    title,
    columns: [
      { name: "offset", type: "text" },
      { name: "hex", type: "text" },
      { name: "ascii", type: "text" },
    ],
    rows,
    notes: [`the first ${counted(bytes.length, "byte")} of the file`],
  });
}
