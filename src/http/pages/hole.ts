import { raw } from "hono/html";
import type { Html } from "./layout.ts";

const MARK = "<!-- hole -->";

/** Stands in a piece of a page for what is written later. Text in a page is escaped, and never the same. */
export const HOLE: Html = raw(MARK);

/** A piece of a page around its hole. */
export interface AroundHole {
  readonly before: Html;
  readonly after: Html;
}

/** Cuts a piece of a page in two where its hole is. */
export async function aroundHole(piece: Html): Promise<AroundHole> {
  const text = String(await piece);
  const at = text.indexOf(MARK);
  if (at < 0) throw new Error("a piece of a page has no hole");
  return { before: raw(text.slice(0, at)), after: raw(text.slice(at + MARK.length)) };
}
