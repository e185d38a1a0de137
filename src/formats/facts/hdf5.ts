import { Failure } from "../../errors.ts";
import { cachedSlice } from "../../lib/blocks.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";
import type { Facts } from "./facts.ts";
import { unsignedAt } from "./unsigned.ts";

const MAGIC = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
/** Bytes that places and lengths may have. */
const WIDTHS: ReadonlySet<number> = new Set([2, 4, 8]);
/** Superblocks of these versions lead to the root group by a symbol table. */
const LAST_WITH_TABLE = 1;
/** Nodes of a tree that are gone through, and bytes of names that are read, at most. */
const MAX_NODES = 200;
const MAX_NAMES_BYTES = 64 * 1024;
/** Names that are told of, at most. */
const MAX_NAMES = 1000;
/** Bytes of a group's header that are read, and the place of its messages. */
const GROUP_BYTES = 4096;
const MESSAGES_AT = 16;
const SYMBOL_TABLE = 0x11;

/** True for HDF5, and so for NetCDF 4. */
export function isHdf5(head: Uint8Array): boolean {
  return hasBytes(head, MAGIC);
}

/**
 * The version of an HDF5 file's superblock, and the names in its root group where these stand in a
 * symbol table (HDF5 File Format Specification 3.0, II.A, III.A to III.D, and IV.A). Files that ask for
 * newer layouts have none.
 */
export async function hdf5Facts(slice: NonNullable<Source["slice"]>): Promise<Facts> {
  const cached = cachedSlice(slice);
  const head = await read(0, 128);
  const version = head.readUInt8(8);
  if (version > LAST_WITH_TABLE) return { version: `superblock ${version}` };
  const offsetBytes = head.readUInt8(13);
  const lengthBytes = head.readUInt8(14);
  if (!WIDTHS.has(offsetBytes) || !WIDTHS.has(lengthBytes)) {
    throw invalid(`offsets of ${offsetBytes} and ${lengthBytes} bytes`);
  }
  const start = version === 0 ? 24 : 28;
  const base = numberAt(head, start, offsetBytes);
  const entryAt = start + 4 * offsetBytes;
  const root = await tableAt(base + numberAt(head, entryAt + offsetBytes, offsetBytes));
  if (root === undefined) return { version: `superblock ${version}` };
  const heap = await heapAt(numberAt(root, offsetBytes, offsetBytes));
  const names: string[] = [];
  let nodes = 0;
  await addNames(numberAt(root, 0, offsetBytes), Infinity);
  return { version: `superblock ${version}`, names };

  /** The message of a group's header that has the places of its tree and heap, where it has one. */
  async function tableAt(address: number): Promise<Buffer | undefined> {
    const header = await read(address, address + GROUP_BYTES);
    const end = Math.min(header.length, MESSAGES_AT + header.readUInt32LE(8));
    if (header.readUInt8(0) !== 1) return undefined;
    for (let at = MESSAGES_AT; at + 8 <= end; at += 8 + header.readUInt16LE(at + 2)) {
      const message = header.subarray(at + 8, at + 8 + header.readUInt16LE(at + 2));
      if (header.readUInt16LE(at) === SYMBOL_TABLE) return message;
    }
    return undefined;
  }

  /** Bytes of the file; fewer at its end, where reading a number throws. */
  async function read(from: number, to: number): Promise<Buffer> {
    if (!Number.isSafeInteger(to)) throw invalid(`there is no byte ${from}`);
    return Buffer.from(await cached(from, to));
  }

  /** The first names of a local heap. */
  async function heapAt(address: number): Promise<Buffer> {
    const at = base + address;
    const bytes = await read(at, at + 8 + 2 * lengthBytes + offsetBytes);
    if (bytes.toString("latin1", 0, 4) !== "HEAP") throw invalid(`no heap at byte ${at}`);
    const first = base + numberAt(bytes, 8 + 2 * lengthBytes, offsetBytes);
    return read(first, first + Math.min(MAX_NAMES_BYTES, numberAt(bytes, 8, lengthBytes)));
  }

  /** Adds the names of a node of the tree of a group, whose level is below another. */
  async function addNames(address: number, above: number): Promise<void> {
    nodes += 1;
    const at = base + address;
    const node = await read(at, at + 8 + 2 * offsetBytes);
    const kind = node.toString("latin1", 0, 4);
    if (kind === "SNOD") return addSymbols(at + 8, node.readUInt16LE(6));
    const level = node.readUInt8(5);
    if (kind !== "TREE" || node.readUInt8(4) !== 0 || level >= above) {
      throw invalid(`no group at byte ${at}`);
    }
    const first = at + node.length + lengthBytes;
    for (let i = 0, count = node.readUInt16LE(6); i < count && nodes < MAX_NODES; i += 1) {
      const child = first + i * (offsetBytes + lengthBytes);
      await addNames(numberAt(await read(child, child + offsetBytes), 0, offsetBytes), level);
    }
  }

  async function addSymbols(first: number, count: number): Promise<void> {
    const entryBytes = 2 * offsetBytes + 24;
    for (let i = 0; i < count && names.length < MAX_NAMES; i += 1) {
      const at = first + i * entryBytes;
      const name = numberAt(await read(at, at + offsetBytes), 0, offsetBytes);
      const end = heap.indexOf(0, name);
      if (name < heap.length && end >= 0) names.push(heap.toString("utf8", name, end));
    }
  }
}

function numberAt(bytes: Buffer, at: number, width: number): number {
  return unsignedAt(bytes, at, width, true);
}

function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole HDF5 file: ${what}`);
}
