/** A table in a FlatBuffer, by the numbers of its fields (flatbuffers.dev, "Internals"). */
export interface Table {
  /** An unsigned integer of 1, 2 or 4 bytes, or a signed one of 8; `otherwise` where it is not there. */
  number(field: number, bytes: 1 | 2 | 4 | 8, otherwise?: number): number;
  /** Signed integers of a vector. */
  numbers(field: number, bytes: 4 | 8): readonly number[];
  /** Changes an integer of 8 bytes; one that is not there stays away. */
  setNumber(field: number, value: number): void;
  text(field: number): string;
  table(field: number): Table | undefined;
  tables(field: number): readonly Table[];
  /** The bytes of a vector of structs; to change them changes the FlatBuffer. */
  structs(field: number, bytes: number): readonly Buffer[];
  /** Shortens a vector; what is left out of it stays in the FlatBuffer. */
  shorten(field: number, length: number): void;
}

/** Elements of a vector at most: vectors are held, and nothing real has as many. */
const MAX_ELEMENTS = 100_000;

/**
 * The root table of a FlatBuffer.
 * @throws RangeError, then or while reading, where it points outside of its bytes.
 */
export function rootTable(bytes: Buffer): Table {
  return tableAt(bytes, bytes.readUInt32LE(0));
}

function tableAt(bytes: Buffer, at: number): Table {
  const layout = at - bytes.readInt32LE(at);
  const layoutBytes = bytes.readUInt16LE(layout);

  /** Position of a field; undefined where it is left out. */
  function place(field: number): number | undefined {
    const entry = 4 + field * 2;
    const offset = entry < layoutBytes ? bytes.readUInt16LE(layout + entry) : 0;
    return offset === 0 ? undefined : at + offset;
  }

  function follow(field: number): number | undefined {
    const found = place(field);
    return found === undefined ? undefined : found + bytes.readUInt32LE(found);
  }

  /** Positions of the elements of a vector. */
  function elements(field: number, size: number): readonly number[] {
    const start = follow(field);
    if (start === undefined) return [];
    const length = bytes.readUInt32LE(start);
    if (length > MAX_ELEMENTS) throw new RangeError(`a vector of ${length} elements`);
    return Array.from({ length }, (_, i) => start + 4 + i * size);
  }

  return {
    number(field, size, otherwise = 0) {
      const found = place(field);
      if (found === undefined) return otherwise;
      return size === 8 ? Number(bytes.readBigInt64LE(found)) : bytes.readUIntLE(found, size);
    },
    numbers: (field, size) =>
      elements(field, size).map((e) =>
        size === 8 ? Number(bytes.readBigInt64LE(e)) : bytes.readInt32LE(e),
      ),
    setNumber(field, value) {
      const found = place(field);
      if (found !== undefined) bytes.writeBigInt64LE(BigInt(value), found);
    },
    shorten(field, length) {
      const start = follow(field);
      if (start !== undefined) bytes.writeUInt32LE(length, start);
    },
    text(field) {
      const start = follow(field);
      if (start === undefined) return "";
      return bytes.toString("utf8", start + 4, start + 4 + bytes.readUInt32LE(start));
    },
    table(field) {
      const start = follow(field);
      return start === undefined ? undefined : tableAt(bytes, start);
    },
    tables: (field) => elements(field, 4).map((e) => tableAt(bytes, e + bytes.readUInt32LE(e))),
    structs: (field, size) => elements(field, size).map((e) => bytes.subarray(e, e + size)),
  };
}
