import type { Source } from "../../lib/source.ts";
import { openPackage, partText, textOf } from "../xlsx/package.ts";
import { attributeOf, tagsIn } from "../xlsx/tags.ts";
import type { Facts } from "./facts.ts";

const SETTINGS = "settings.xml";
const LIMITS = { ratio: 1000 };

/** True for a spreadsheet in OpenDocument, by its name. */
export function isOds(_head: Uint8Array, name: string): boolean {
  return /\.ods$/i.test(name);
}

/**
 * The names of a spreadsheet's sheets, from the views of them in its settings (OpenDocument 1.3,
 * part 3, 3.10); none where the program that wrote it kept no views. Their rows are in one part with
 * all data.
 */
export async function odsFacts(read: NonNullable<Source["slice"]>, size: number): Promise<Facts> {
  const text = await partText(await openPackage(read, size), SETTINGS, LIMITS);
  if (text === undefined) return {};
  const sheets: string[] = [];
  let isIn = false;
  for (const tag of tagsIn(text)) {
    const name = () => textOf(attributeOf(text, tag, "name") ?? "");
    if (tag.local === "config-item-map-named") isIn = tag.kind === "open" && name() === "Tables";
    else if (isIn && tag.local === "config-item-map-entry" && tag.kind !== "close") {
      sheets.push(name());
    }
  }
  return sheets.length === 0 ? {} : { sheets };
}
