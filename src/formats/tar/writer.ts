import { LISTING_NAME, memberNames } from "../archive/names.ts";
import { BLOCK_BYTES } from "./header.ts";

/** Bytes of a name that a header has room for. */
const NAME_BYTES = 100;
/** The last second that 11 octal digits can hold. */
const MAX_MTIME = 8 ** 11 - 1;

/** One member of a sample archive. */
export interface TarMember {
  /** The name, as in the original; it is made safe here. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Seconds since epoch; NaN where it is not known. */
  readonly mtime: number;
}

/** Yields a tar (POSIX.1 ustar, with pax headers where a name asks for one) of a listing and members. */
export function* writeTar(
  list: Uint8Array,
  members: readonly TarMember[],
): Generator<Uint8Array, void, void> {
  const nameOf = memberNames();
  for (const member of [{ name: LISTING_NAME, bytes: list, mtime: 0 }, ...members]) {
    const name = Buffer.from(nameOf(member.name));
    const { bytes } = member;
    const mtime = Math.trunc(Math.min(Math.max(member.mtime || 0, 0), MAX_MTIME));
    if (name.length > NAME_BYTES || name.some((byte) => byte > 0x7e)) {
      const path = paxRecord("path", name);
      yield header({ name: Buffer.from("PaxHeader"), type: "x", size: path.length, mtime });
      yield padded(path);
    }
    yield header({ name, type: "0", size: bytes.length, mtime });
    yield padded(bytes);
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function header(facts: {
  readonly name: Buffer;
  readonly type: string;
  readonly size: number;
  readonly mtime: number;
}): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  facts.name.copy(block, 0, 0, NAME_BYTES);
  block.write("0000644\0" + "0000000\0".repeat(2), 100);
  block.write(`${octal(facts.size)} ${octal(facts.mtime)} `, 124);
  block.write(" ".repeat(8), 148);
  block.write(facts.type, 156);
  block.write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function octal(value: number): string {
  return value.toString(8).padStart(11, "0");
}

function padded(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & (BLOCK_BYTES - 1))]);
}

/** A record of a pax header; the length in front of it counts itself. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length;
  while (rest.length + String(length).length !== length)
    length = rest.length + String(length).length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
