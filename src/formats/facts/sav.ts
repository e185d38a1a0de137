import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import type { Column, Facts } from "./facts.ts";

const HEADER_BYTES = 176;
const VARIABLE_BYTES = 32;
/** The kind of a record that is a variable; and the type of one that goes on with another's text. */
const VARIABLE = 2;
const CONTINUED = -1;
/** Bytes that are read, and columns that are told of, at most. */
const MAX_BYTES = 256 * 1024;
const MAX_COLUMNS = 1000;

/** True for a system file of SPSS. */
export function isSav(head: Uint8Array): boolean {
  return hasBytes(head, [0x24, 0x46, 0x4c]) && (head[3] === 0x32 || head[3] === 0x33);
}

/**
 * Rows and columns of a system file of SPSS, by their short names (GNU PSPP, "System File Format").
 * The length of a text is that of its first part, 255 at most.
 */
export async function savFacts(read: NonNullable<Source["slice"]>): Promise<Facts> {
  const bytes = Buffer.from(await read(0, MAX_BYTES));
  const isLittle = bytes.readUInt32LE(64) === 2 || bytes.readUInt32LE(64) === 3;
  const int = (at: number) => (isLittle ? bytes.readInt32LE(at) : bytes.readInt32BE(at));
  const rows = int(80);
  const columns: Column[] = [];
  for (let at = HEADER_BYTES; columns.length < MAX_COLUMNS && int(at) === VARIABLE;) {
    const type = int(at + 4);
    const name = bytes.toString("latin1", at + 24, at + VARIABLE_BYTES).trimEnd();
    const missing = Math.abs(int(at + 12));
    if (type !== CONTINUED) columns.push({ name, type: type === 0 ? "number" : `string(${type})` });
    const hasLabel = int(at + 8) === 1;
    at += VARIABLE_BYTES;
    if (hasLabel) at += 4 + Math.ceil(Math.max(0, int(at)) / 4) * 4;
    at += 8 * missing;
  }
  return { ...(rows < 0 ? {} : { rows }), columns };
}
