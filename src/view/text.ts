import { cut } from "../decode/cell.ts";
import { listingTable } from "./listing.ts";
import { tableOf } from "./table.ts";
import { encodingFacts, linesOf, textOf } from "../decode/text-of.ts";
import type { Viewer } from "./viewer.ts";

/** Plain lines; an archive's listing is shown as a table. */
export const viewText: Viewer = ({ bytes, rows, counted }) => {
  const decoded = textOf(bytes);
  const lines = linesOf(decoded);
  const facts = encodingFacts(decoded);
  const listed = listingTable({ lines, rows, counted });
  if (listed !== undefined) return { facts, tables: [listed], warnings: decoded.warnings };
  const table = tableOf({
    columns: [{ name: "line", type: "text" }],
    rows: lines.slice(0, rows).map((line) => [cut(line)]),
    // Records may have several lines.
    counted: { ...counted, rows: lines.length },
  });
  return { facts, tables: [table], warnings: decoded.warnings };
};
