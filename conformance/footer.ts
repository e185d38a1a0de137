import { readFileSync } from "node:fs";

/** The fields of a Parquet footer by number, each as the bytes of its value. */
export type Footer = ReadonlyMap<number, Buffer>;

/** Fields of the footer that say how rows are to be understood. */
const kept = { version: 1, schema: 2, "key-value metadata": 5, created_by: 6, "column orders": 7 };
const NUM_ROWS = 3;

/** Takes a footer apart without knowing its schema. @throws Error where it is none */
export function readFooter(path: string): Footer {
  const file = readFileSync(path);
  const end = file.length - 8;
  if (end < 4 || file.toString("latin1", end + 4) !== "PAR1") throw new Error("no plain footer");
  const start = end - file.readUInt32LE(end);
  if (start < 4) throw new Error("the footer is longer than the file");
  return fieldsOf(file.subarray(start, end));
}

/** Parts of a footer that a sample does not have byte for byte. */
export function footerFaults(original: Footer, sample: Footer): string[] {
  const differing = Object.entries(kept).filter(([, field]) => {
    const [wanted, found] = [original.get(field), sample.get(field)];
    return wanted === undefined || found === undefined ? wanted !== found : !wanted.equals(found);
  });
  return differing.map(([name]) => name);
}

/** Rows, by the footer. */
export function rowsOf(footer: Footer): number {
  const bytes = footer.get(NUM_ROWS);
  return bytes === undefined ? 0 : Number(varint(bytes, 0).value >> 1n);
}

/** The fields of a struct in Thrift's compact protocol. */
function fieldsOf(bytes: Buffer): Map<number, Buffer> {
  const fields = new Map<number, Buffer>();
  eachField(bytes, 0, (id, from, to) => void fields.set(id, bytes.subarray(from, to)));
  return fields;
}

/** Returns where the struct ends. */
function eachField(
  bytes: Buffer,
  start: number,
  found: (id: number, from: number, to: number) => void,
): number {
  let at = start;
  let id = 0;
  for (;;) {
    const header = bytes.readUInt8(at);
    at += 1;
    if (header === 0) return at;
    if (header >> 4 === 0) {
      const long = varint(bytes, at);
      id = Number((long.value >> 1n) ^ -(long.value & 1n));
      at = long.end;
    } else id += header >> 4;
    // A boolean is its type.
    const isBoolean = (header & 15) <= 2;
    const end = isBoolean ? at : endOf(bytes, at, header & 15);
    found(id, isBoolean ? at - 1 : at, end);
    at = end;
  }
}

/** The offset at which a value of a type ends. */
function endOf(bytes: Buffer, at: number, type: number): number {
  if (type <= 3) return at + 1;
  if (type <= 6) return varint(bytes, at).end;
  if (type === 7) return at + 8;
  if (type === 12) return eachField(bytes, at, () => {});
  if (type === 8) {
    const length = varint(bytes, at);
    return length.end + Number(length.value);
  }
  if (type === 9 || type === 10) return endOfList(bytes, at);
  throw new Error(`Thrift type ${type}`);
}

function endOfList(bytes: Buffer, start: number): number {
  const header = bytes.readUInt8(start);
  const isLong = header >> 4 === 15;
  const long = isLong ? varint(bytes, start + 1) : undefined;
  const count = long === undefined ? header >> 4 : Number(long.value);
  let at = long === undefined ? start + 1 : long.end;
  for (let i = 0; i < count; i += 1) at = endOf(bytes, at, header & 15);
  return at;
}

function varint(bytes: Buffer, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let at = start, shift = 0n; ; at += 1, shift += 7n) {
    const byte = bytes.readUInt8(at);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}
