import { encodingOf } from "../lib/encoding.ts";
import { csv } from "./csv/csv.ts";
import { csvConfidence, SNIFFED_BYTES } from "./csv/sniff.ts";
import { json } from "./json/json.ts";
import { looksLikeJson } from "./json/shape.ts";
import { lineFormatIn } from "./lines/families.ts";
import { text } from "./text.ts";
import type { Format } from "./types.ts";
import { looksLikeXml, xml } from "./xml/xml.ts";

/** First bytes that are enough to know JSON by. */
const JSON_BYTES = 2048;
/** Confidence below which a text is taken for lines. */
const CREDIBLE = 0.5;

/** A text's format, as its content alone shows it. */
export interface Sniffed {
  readonly format: Format;
  /** From 0 to 1; absent for lines, which any text has. */
  readonly confidence?: number;
}

/** Tells by its first bytes which format a text has whose name says nothing. */
export function sniff(head: Uint8Array): Sniffed {
  const beginning = head.subarray(0, SNIFFED_BYTES);
  if (looksLikeJson(head.subarray(0, JSON_BYTES))) return { format: json, confidence: 1 };
  if (looksLikeXml(beginning)) return { format: xml, confidence: 1 };
  const family = lineFormatIn(beginning);
  if (family !== undefined) return { format: family, confidence: 1 };
  const confidence = csvConfidence(beginning, encodingOf(beginning));
  return confidence < CREDIBLE ? { format: text } : { format: csv, confidence };
}
