import { Failure } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import { openPackage, partText, textOf } from "../xlsx/package.ts";
import { attributeOf, tagsIn } from "../xlsx/tags.ts";
import type { Facts } from "./facts.ts";

const WORKBOOK = "xl/workbook.xml";
/** Decompressed bytes for each compressed one: XML repeats itself. */
const RATIO = 1000;

/** True for a spreadsheet, by its name; one that is encrypted is no zip. */
export function isXlsx(head: Uint8Array, name: string): boolean {
  return /\.xls[xm]$/i.test(name) && hasBytes(head, [0x50, 0x4b]);
}

/** The names of a spreadsheet's sheets, in order (ECMA-376, part 1, 18.2.19). */
export async function xlsxFacts(read: NonNullable<Source["slice"]>, size: number): Promise<Facts> {
  const text = await partText(await openPackage(read, size), WORKBOOK, { ratio: RATIO });
  if (text === undefined) throw new Failure("FORMAT_INVALID", `it has no ${WORKBOOK}`);
  const sheets = [...tagsIn(text)].filter(
    ({ local, kind }) => local === "sheet" && kind !== "close",
  );
  return { sheets: sheets.map((tag) => textOf(attributeOf(text, tag, "name") ?? "")) };
}
