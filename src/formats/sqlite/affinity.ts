import type { Token } from "./tokens.ts";
import { folded } from "./tokens.ts";
import { isKeyword } from "./cursor.ts";
import {
  blobField,
  type Field,
  integerField,
  nullField,
  realField,
  type TextEncoding,
  textField,
} from "./record.ts";

/** The kind of values that a column prefers. */
export type Affinity = "integer" | "text" | "blob" | "real" | "numeric";

/** A text that a column of numbers would store as one. */
const NUMERIC = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const MOST = 2n ** 63n - 1n;

/** The affinity of a column by its type, in lower case (sqlite.org/datatype3.html, 3.1). */
export function affinityOf(type: string): Affinity {
  if (type.includes("int")) return "integer";
  if (/char|clob|text/.test(type)) return "text";
  if (type === "" || type.includes("blob")) return "blob";
  return /real|floa|doub/.test(type) ? "real" : "numeric";
}

/**
 * The value that a default gives a column, as an index has it; undefined where SQLite would have to
 * compute it.
 */
export function fallbackField(
  tokens: readonly Token[],
  affinity: Affinity,
  { encoding, schemaFormat }: { readonly encoding: TextEncoding; readonly schemaFormat: number },
): Field | undefined {
  const [first, second, more] = tokens;
  if (first === undefined || (isKeyword(first, "null") && second === undefined)) return nullField;
  if (more !== undefined) return undefined;
  if (first.kind === "sign") return numberOf(second, isKeyword(first, "-"));
  if (second !== undefined) return undefined;
  if (first.kind === "number") return numberOf(first, false);
  if (first.kind === "blob") return blobField(Buffer.from(first.text, "hex"));
  if (first.kind === "word") {
    const word = folded(first.text);
    if (word === "true" || word === "false") return integer(word === "true" ? 1n : 0n);
    if (word.startsWith("current_")) return undefined;
  }
  const isText = affinity === "text" || affinity === "blob" || !NUMERIC.test(first.text);
  return isText ? textField(first.text, encoding) : undefined;

  function numberOf(token: Token | undefined, isNegative: boolean): Field | undefined {
    if (token?.kind !== "number") return undefined;
    if (/^\d+$/.test(token.text)) return integer(BigInt(token.text) * (isNegative ? -1n : 1n));
    const number = Number(token.text) * (isNegative ? -1 : 1);
    const isSpelled = /^\d{1,9}\.\d{1,5}$/.test(token.text) && !Number.isInteger(number);
    if (!isSpelled) return undefined;
    return affinity === "text" ? textField(String(number), encoding) : realField(number);
  }

  function integer(value: bigint): Field | undefined {
    if (value > MOST || value < -MOST) return undefined;
    if (affinity === "text") return textField(String(value), encoding);
    // Columns of reals have integers in place of those without a fraction.
    return integerField(value, schemaFormat);
  }
}
