import type { Source } from "../../lib/source.ts";
import type { Column, Facts } from "./facts.ts";
import { unsignedAt } from "./unsigned.ts";

/** Versions with a binary header, by their first byte, with the bytes of a name. */
const OLD = { first: 113, last: 115, nameBytes: 33, headerBytes: 109 };
const BEGIN = "<stata_dta><header><release>";
/** Bytes that are read, and columns that are told of, at most. */
const MAX_BYTES = 256 * 1024;
const MAX_COLUMNS = 1000;
const oldTypes: Readonly<Record<number, string>> = {
  251: "byte",
  252: "int",
  253: "long",
  254: "float",
  255: "double",
};
const types: Readonly<Record<number, string>> = {
  32_768: "strL",
  65_526: "double",
  65_527: "float",
  65_528: "long",
  65_529: "int",
  65_530: "byte",
};

/** True for a dataset of Stata: by its first words, and before version 13 by its name and version. */
export function isDta(head: Uint8Array, name: string): boolean {
  const [version = 0, order = 0] = head;
  if (Buffer.from(head.subarray(0, BEGIN.length)).toString("latin1") === BEGIN) return true;
  return (
    /\.dta$/i.test(name) && version >= OLD.first && version <= OLD.last && order >= 1 && order <= 2
  );
}

/** Rows and columns of a dataset of Stata (Stata's `help dta`, versions 113 to 119). */
export async function dtaFacts(read: NonNullable<Source["slice"]>): Promise<Facts> {
  const bytes = Buffer.from(await read(0, MAX_BYTES));
  return bytes.readUInt8(0) <= OLD.last && bytes.readUInt8(0) >= OLD.first
    ? oldFacts(bytes)
    : newFacts(bytes);
}

function oldFacts(bytes: Buffer): Facts {
  const isLittle = bytes.readUInt8(1) !== 1;
  const count = unsignedAt(bytes, 4, 2, isLittle);
  const rows = unsignedAt(bytes, 6, 4, isLittle);
  const namesAt = OLD.headerBytes + count;
  const columns = Array.from({ length: Math.min(count, MAX_COLUMNS) }, (_, i): Column => {
    const type = bytes.readUInt8(OLD.headerBytes + i);
    const name = textAt(bytes, namesAt + i * OLD.nameBytes, OLD.nameBytes);
    return { name, type: oldTypes[type] ?? `str${type}` };
  });
  return { version: String(bytes.readUInt8(0)), rows, columns };
}

function newFacts(bytes: Buffer): Facts {
  const release = Number(bytes.toString("latin1", BEGIN.length, BEGIN.length + 3));
  const isLittle = !bytes.toString("latin1", 0, 100).includes("<byteorder>MSF");
  const uint = (at: number, width: number) => unsignedAt(bytes, at, width, isLittle);
  const after = (tag: string) => {
    const at = bytes.indexOf(tag, 0, "latin1");
    if (at < 0) throw new RangeError(`there is no ${tag}`);
    return at + tag.length;
  };
  const count = uint(after("<K>"), release === 119 ? 4 : 2);
  const rows = uint(after("<N>"), release === 117 ? 4 : 8);
  const [typesAt, namesAt] = [after("<variable_types>"), after("<varnames>")];
  const nameBytes = release === 117 ? 33 : 129;
  const columns = Array.from({ length: Math.min(count, MAX_COLUMNS) }, (_, i): Column => {
    const type = uint(typesAt + 2 * i, 2);
    return {
      name: textAt(bytes, namesAt + i * nameBytes, nameBytes),
      type: types[type] ?? `str${type}`,
    };
  });
  if (!Number.isSafeInteger(rows)) throw new RangeError(`${rows} rows`);
  return { version: String(release), rows, columns };
}

/** Text up to a zero byte. @throws RangeError where it goes on after the bytes */
function textAt(bytes: Buffer, at: number, most: number): string {
  if (at + most > bytes.length) throw new RangeError("its header is cut off");
  return bytes.toString("utf8", at, at + most).replace(/\0.*$/s, "");
}
