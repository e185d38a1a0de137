import { Failure } from "../../errors.ts";
import { cachedSlice } from "../../lib/blocks.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Source } from "../../lib/source.ts";

const SIGNATURE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
const HEADER_BYTES = 512;
const ENTRY_BYTES = 128;
/** Numbers from which on a sector is none ([MS-CFB] 2.1). */
const NO_SECTOR = 0xfffffffa;
/** Sectors of the table of sectors that the header names; larger files name more elsewhere. */
const NAMED_SECTORS = 109;
/** Entries of the directory that are looked at, at most. */
const MAX_ENTRIES = 1000;

/** A stream in a compound file. */
export interface OleStream {
  readonly size: number;
  /** Bytes from a place on; fewer at its end. */
  read(start: number, bytes: number): Promise<Buffer>;
}

/** True for a compound file of OLE. */
export function isOle(head: Uint8Array): boolean {
  return hasBytes(head, SIGNATURE);
}

/**
 * Opens the first stream of a compound file that has one of some names ([MS-CFB] 2); undefined where
 * there is none, or it is too small to have sectors of its own.
 * @throws Failure FORMAT_INVALID; RangeError
 */
export async function openOleStream(
  slice: NonNullable<Source["slice"]>,
  names: readonly string[],
): Promise<OleStream | undefined> {
  const cached = cachedSlice(slice);
  const header = Buffer.from(await cached(0, HEADER_BYTES));
  const sectorBytes = 2 ** header.readUInt16LE(30);
  if (sectorBytes !== 512 && sectorBytes !== 4096) throw invalid(`sectors of ${sectorBytes} bytes`);
  const smallest = header.readUInt32LE(56);
  const directory = streamAt(header.readUInt32LE(48), MAX_ENTRIES * ENTRY_BYTES);

  for (let i = 0; i < MAX_ENTRIES; i += 1) {
    const entry = await directory.read(i * ENTRY_BYTES, ENTRY_BYTES);
    if (entry.length < ENTRY_BYTES) return undefined;
    const name = entry.toString("utf16le", 0, Math.max(0, entry.readUInt16LE(64) - 2));
    if (!names.includes(name)) continue;
    const size = entry.readUInt32LE(120);
    return size < smallest ? undefined : streamAt(entry.readUInt32LE(116), size);
  }
  return undefined;

  async function sectorAt(number: number): Promise<Buffer> {
    const start = (number + 1) * sectorBytes;
    return Buffer.from(await cached(start, start + sectorBytes));
  }

  /** The sector that follows another one in its chain. */
  async function nextOf(number: number): Promise<number> {
    const perSector = sectorBytes / 4;
    const table = Math.floor(number / perSector);
    if (table >= NAMED_SECTORS) return NO_SECTOR;
    const sector = await sectorAt(header.readUInt32LE(76 + 4 * table));
    return sector.readUInt32LE(4 * (number % perSector));
  }

  function streamAt(first: number, size: number): OleStream {
    const chain = [first];

    async function sectorOf(index: number): Promise<Buffer | undefined> {
      while (chain.length <= index) {
        const last = chain.at(-1) as number;
        if (last >= NO_SECTOR) return undefined;
        chain.push(await nextOf(last));
      }
      const number = chain[index] as number;
      return number >= NO_SECTOR ? undefined : sectorAt(number);
    }

    async function read(start: number, bytes: number): Promise<Buffer> {
      const end = Math.min(size, start + bytes);
      const pieces: Buffer[] = [];
      for (let at = start; at < end;) {
        const sector = await sectorOf(Math.floor(at / sectorBytes));
        if (sector === undefined || sector.length === 0) break;
        const from = at % sectorBytes;
        const piece = sector.subarray(from, Math.min(sector.length, from + end - at));
        if (piece.length === 0) break;
        pieces.push(piece);
        at += piece.length;
      }
      return Buffer.concat(pieces);
    }

    return { size, read };
  }
}

function invalid(what: string): Failure {
  return new Failure("FORMAT_INVALID", `not a whole compound file: ${what}`);
}
