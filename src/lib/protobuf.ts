/** A field of a Protocol Buffers message: a number, or the bytes of anything longer. */
export interface Field {
  readonly id: number;
  readonly number: number;
  readonly bytes: Buffer;
  /** The field as it stands in the message, its key included. */
  readonly raw: Buffer;
}

/**
 * The fields of a message, in the order in which they stand (protobuf.dev, "Encoding").
 * @throws RangeError where the message ends within a field.
 */
export function* fieldsOf(message: Buffer): Generator<Field, void, void> {
  for (let at = 0; at < message.length;) {
    const start = at;
    const key = varintAt(message, at);
    const id = Math.floor(key.value / 8);
    const type = key.value % 8;
    at = key.end;
    let number = 0;
    let bytes: Buffer = Buffer.alloc(0);
    if (type === 0) ({ value: number, end: at } = varintAt(message, at));
    else if (type === 1) at += 8;
    else if (type === 5) at += 4;
    else if (type === 2) {
      const { value: length, end } = varintAt(message, at);
      bytes = message.subarray(end, end + length);
      at = end + length;
    } else throw new RangeError(`wire type ${type}`);
    if (at > message.length) throw new RangeError("a message ends within a field");
    yield { id, number, bytes, raw: message.subarray(start, at) };
  }
}

/** The last number of each field of a message; 0 stands for those that are longer. */
export function numbersOf(message: Buffer): ReadonlyMap<number, number> {
  return new Map([...fieldsOf(message)].map(({ id, number }) => [id, number]));
}

/** The numbers of a packed field. @throws RangeError where it ends within a number */
export function numbersIn(packed: Buffer): number[] {
  const numbers: number[] = [];
  for (let at = 0; at < packed.length;) {
    const { value, end } = varintAt(packed, at);
    numbers.push(value);
    at = end;
  }
  return numbers;
}

/** A field that holds a number: an integer of 0 to 2^53 - 1. */
export function numberField(id: number, value: number): Buffer {
  return Buffer.concat([varint(id * 8), varint(value)]);
}

/** A field that holds bytes, such as a message. */
export function bytesField(id: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(id * 8 + 2), varint(bytes.length), bytes]);
}

/** A number, 7 bits a byte, the lowest first. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

function varintAt(message: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  let at = start;
  for (let scale = 1; scale < 2 ** 70; scale *= 128) {
    const byte = message.readUInt8(at);
    value += (byte & 0x7f) * scale;
    at += 1;
    if (byte < 0x80) break;
  }
  return { value, end: at };
}
