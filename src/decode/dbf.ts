import { isUtf8 } from "node:buffer";
import { type DbfField, readHeader } from "../formats/dbf/header.ts";
import { exact } from "./cell.ts";
import { dateText, decimalText, hexText } from "./scalars.ts";

const DELETED = 0x2a;
/** The Julian day of 1 January 1970. */
const DAY_1970 = 2_440_588;
const DAY_MS = 86_400_000;
const windows = new TextDecoder("windows-1252");

/** The first records of a dBase table. */
export interface DecodedDbf {
  readonly fields: readonly DbfField[];
  /** A value for `cellOf` for each field. */
  readonly rows: readonly (readonly unknown[])[];
  /** The number of these that are marked as deleted. */
  readonly deleted: number;
}

/**
 * Decodes the first records of a sample.
 * @throws Failure FORMAT_INVALID, NoSample
 */
export function decodeDbf(bytes: Buffer, most: number): DecodedDbf {
  const { records, headerBytes, recordBytes, fields } = readHeader(bytes);
  const rows: unknown[][] = [];
  let deleted = 0;
  for (let at = headerBytes; rows.length < Math.min(records, most); at += recordBytes) {
    const record = bytes.subarray(at, at + recordBytes);
    if (record.length < recordBytes) break;
    if (record[0] === DELETED) deleted += 1;
    let start = 1;
    rows.push(
      fields.map((field) => {
        start += field.bytes;
        return valueOf(field, record.subarray(start - field.bytes, start));
      }),
    );
  }
  return { fields, rows, deleted };
}

/** A value by the type of its field (dBase; Visual FoxPro for `I`, `Y`, `T` and `B`). */
function valueOf({ type, bytes, decimals }: DbfField, value: Buffer): unknown {
  switch (type) {
    case "N":
    case "F":
      return numberOf(textOf(value).trim());
    case "D":
      return (
        textOf(value)
          .trim()
          .replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3") || null
      );
    case "L":
      return /^[TtYy]$/.test(textOf(value)) ? true : /^[FfNn]$/.test(textOf(value)) ? false : null;
    case "I":
    case "+":
      return bytes === 4 ? value.readInt32LE(0) : hexText(value);
    case "Y":
      return bytes === 8 ? exact(decimalText(value.readBigInt64LE(0), 4)) : hexText(value);
    case "T":
    case "@":
      return bytes === 8 ? timeOf(value.readInt32LE(0), value.readInt32LE(4)) : hexText(value);
    case "B":
    case "O":
      return bytes === 8 && decimals < 20 ? value.readDoubleLE(0) : hexText(value);
    case "C":
    case "V":
      return textOf(value).trimEnd();
    case "M":
    case "G":
    case "P":
      // Its text is in another file.
      return null;
    default:
      return textOf(value).trim() || null;
  }
}

/** Text in UTF-8 where it is that, else as Windows writes it in the west: the header does not say. */
function textOf(value: Buffer): string {
  return (isUtf8(value) ? value.toString("utf8") : windows.decode(value)).replace(/\0+$/, "");
}

function numberOf(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text) ? exact(text) : text || null;
}

function timeOf(day: number, ms: number): string {
  const date = dateText(day - DAY_1970);
  const time = new Date(((ms % DAY_MS) + DAY_MS) % DAY_MS).toISOString();
  return `${date}T${time.slice(11, 19)}`;
}
