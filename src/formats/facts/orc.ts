import type { Source } from "../../lib/source.ts";
import { readTail } from "../orc/tail.ts";
import type { OrcType } from "../orc/types.ts";
import type { Column, Facts } from "./facts.ts";

/** Rows, columns and codec of an ORC file, from its footer. */
export async function orcFacts(read: NonNullable<Source["slice"]>, size: number): Promise<Facts> {
  const { types, rows, stored } = await readTail(read, size);
  return { rows, columns: columnsOf(types), codec: stored.codec.name };
}

/** The columns of a row; of one that is no struct, itself. */
export function columnsOf(types: readonly OrcType[]): readonly Column[] {
  const [row] = types;
  if (row === undefined) return [];
  if (row.kind !== "struct") return [{ name: "value", type: typeText(row) }];
  return row.children.map((child, i) => {
    return { name: row.names[i] ?? "", type: typeText(types[child] as OrcType) };
  });
}

function typeText({ kind, precision, scale }: OrcType): string {
  return kind === "decimal" ? `decimal(${precision}, ${scale})` : kind;
}
