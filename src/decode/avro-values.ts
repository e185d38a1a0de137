import { Failure } from "../errors.ts";
import type { AvroType } from "./avro-schema.ts";
import { cellCharacters, exact } from "./cell.ts";
import {
  bytesText,
  dateText,
  decimalOfBytes,
  durationText,
  floatText,
  hexText,
  perSecond,
  timestampText,
  timeText,
  uuidText,
} from "./scalars.ts";

/** Reads values of a block one after the other. */
export interface AvroReader {
  /** Returns a count, length or index. @throws Failure FORMAT_INVALID */
  long(): number;
  isAtEnd(): boolean;
  /** Returns the next bytes. @throws Failure FORMAT_INVALID where there are fewer */
  bytes(count: number): Buffer;
  /** Returns a value for `cellOf`. @throws Failure FORMAT_INVALID */
  value(type: AvroType): unknown;
}

const DEEPEST = 1000;
const units: Readonly<Record<string, bigint>> = {
  millis: perSecond.MILLIS,
  micros: perSecond.MICROS,
  nanos: perSecond.NANOS,
};

/** Creates a reader of values. Source: Avro 1.12, "Binary Encoding" and "Logical Types". */
export function avroReader(content: Buffer): AvroReader {
  let at = 0;
  let depth = 0;
  return { long: () => Number(readLong()), isAtEnd: () => at === content.length, bytes, value };

  function bytes(count: number): Buffer {
    if (!(count >= 0 && count <= content.length - at)) throw invalid("a value is cut off");
    at += count;
    return content.subarray(at - count, at);
  }

  function readLong(): bigint {
    let zigzag = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes(1)[0] as number;
      zigzag |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (zigzag >> 1n) ^ -(zigzag & 1n));
      if (shift > 63n) throw invalid("a number has more than 10 bytes");
    }
  }

  function value(type: AvroType): unknown {
    depth += 1;
    if (depth > DEEPEST) throw invalid(`values nested more than ${DEEPEST} deep`);
    try {
      return read(type);
    } finally {
      depth -= 1;
    }
  }

  function read(type: AvroType): unknown {
    switch (type.kind) {
      case "null":
        return null;
      case "boolean":
        return bytes(1)[0] === 1;
      case "int":
      case "long":
        return numberOf(readLong(), type);
      case "float":
        return numberAs(bytes(4).readFloatLE(), floatText);
      case "double":
        return bytes(8).readDoubleLE();
      case "bytes":
        return bytesOf(bytes(Number(readLong())), type);
      case "string":
        return textOf(bytes(Number(readLong())));
      case "fixed":
        return bytesOf(bytes(type.size), type);
      case "enum":
        return type.symbols[Number(readLong())] ?? null;
      case "union":
        return value(branchOf(type, Number(readLong())));
      case "array":
        return items(type, () => undefined).map(([, item]) => item);
      case "map":
        return Object.fromEntries(items(type, () => textOf(bytes(Number(readLong())))));
      case "record":
        return Object.fromEntries(type.fields.map(({ name, type }) => [name, value(type)]));
      default:
        throw invalid(`no type is named ${type.kind}`);
    }
  }

  /** Keys and items of an array or map; all are read, the first ones are kept. */
  function items(
    { items: type }: AvroType,
    key: () => string | undefined,
  ): (readonly [string, unknown])[] {
    const kept: (readonly [string, unknown])[] = [];
    for (let count = readLong(); count !== 0n; count = readLong()) {
      // A negative count is followed by the size of its items.
      if (count < 0n) readLong();
      for (let left = Number(count < 0n ? -count : count); left > 0; left -= 1) {
        const item = [key() ?? "", value(type as AvroType)] as const;
        // More are not seen in a cell.
        if (kept.length < cellCharacters()) kept.push(item);
      }
    }
    return kept;
  }
}

function branchOf({ branches }: AvroType, index: number): AvroType {
  const branch = branches[index];
  if (branch === undefined) throw invalid(`a union has no branch ${index}`);
  return branch;
}

function numberOf(long: bigint, { logical }: AvroType): unknown {
  if (logical === "date") return dateText(Number(long));
  const [, kind, unit] =
    /^(time|timestamp|local-timestamp)-(millis|micros|nanos)$/.exec(logical) ?? [];
  const per = units[unit ?? ""];
  if (per === undefined) return exact(String(long));
  return kind === "time" ? timeText(long, per) : timestampText(long, per, kind === "timestamp");
}

function numberAs(value: number, text: (value: number) => string): unknown {
  return Number.isFinite(value) ? exact(text(value)) : value;
}

function bytesOf(value: Buffer, { logical, scale, kind }: AvroType): unknown {
  if (logical === "decimal") return exact(decimalOfBytes(value, scale));
  if (logical === "duration") return durationText(value);
  if (logical === "uuid" && value.length === 16) return uuidText(value);
  return kind === "fixed" ? hexText(value) : bytesText(value);
}

/** The start of a text: of a long one, no more is shown. */
function textOf(bytes: Buffer): string {
  return bytes.subarray(0, 4 * cellCharacters() + 4).toString();
}

function invalid(why: string): Failure {
  return new Failure("FORMAT_INVALID", `not a value of its schema: ${why}`);
}
