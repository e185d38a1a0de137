import { whyInvalid } from "../formats/json/shape.ts";
import { encodingOf } from "../lib/encoding.ts";
import { type Cell, type CellMask, maskCells } from "./cells.ts";
import { jsonCells } from "./json-cells.ts";
import type { MaskedSample, ToMask } from "./masked-sample.ts";
import { impossible } from "./reasons.ts";
import { splice } from "./splice.ts";
import type { Masked } from "./transforms.ts";

const LF = 0x0a;
const CR = 0x0d;

/** Masks the values of one JSON text: only their bytes change. @throws NoSample */
export function maskJson({ bytes }: ToMask, mask: CellMask): MaskedSample {
  if (whyInvalid(bytes) !== undefined) throw impossible("json");
  return maskTexts(bytes, mask);
}

/** Masks the values of JSON texts on lines of their own. @throws NoSample */
export function maskJsonLines({ bytes }: ToMask, mask: CellMask): MaskedSample {
  for (const line of linesOf(bytes)) if (whyInvalid(line) !== undefined) throw impossible("json");
  return maskTexts(bytes, mask);
}

function maskTexts(bytes: Uint8Array, mask: CellMask): MaskedSample {
  const { cells, names, hasNameless } = jsonCells(bytes, encodingOf(bytes).bom);
  if (hasNameless) throw impossible("nameless");
  const { texts, warnings } = maskCells(cells, [...names], mask);
  const replacements = cells.flatMap((cell, i) => {
    const masked = texts[i];
    return masked === undefined ? [] : [{ ...cell, by: Buffer.from(sourceOf(cell, masked)) }];
  });
  return { bytes: splice(bytes, replacements), warnings };
}

/** A value as JSON has it. */
function sourceOf({ kind }: Cell, masked: Masked): string {
  return kind === "text" || masked === null ? JSON.stringify(masked) : masked;
}

/** The lines that are not blank. */
function* linesOf(bytes: Uint8Array): Generator<Uint8Array, void, void> {
  const { bom, loneCr } = encodingOf(bytes);
  for (let at = bom; at < bytes.length;) {
    const found = bytes.indexOf(loneCr ? CR : LF, at);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(at, end);
    if (line.some((byte) => byte > 0x20)) yield line;
    at = end + 1;
  }
}
