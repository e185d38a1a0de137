import type { Cut } from "../lib/records.ts";

/** Entries in a listing; an archive with more has only these listed. */
export const LISTED_ENTRIES = 10_000;

/** One entry of an archive. */
export interface ArchiveEntry {
  /** The name's bytes, as the archive has them or as UTF-8. */
  readonly name: Uint8Array;
  /** Bytes, unpacked. */
  readonly size: number;
  /** Seconds since epoch; NaN where it is not known. */
  readonly mtime: number;
}

/** A listing: a line per entry, name, size and time of change, tab-separated. */
export interface Listing {
  /** Adds a line; false when the listing is full and the entry was left out. */
  add(entry: ArchiveEntry): boolean;
  /** Lines so far. */
  count(): number;
  cut(): Cut | undefined;
  bytes(): Uint8Array;
}

/** Makes an empty listing that takes up to `maxBytes`. */
export function listing(maxBytes: number): Listing {
  const lines: Uint8Array[] = [];
  let bytes = 0;
  let cut: Cut | undefined;
  return {
    count: () => lines.length,
    cut: () => cut,
    bytes: () => Buffer.concat(lines),
    add(entry) {
      const line = lineOf(entry);
      if (lines.length >= LISTED_ENTRIES) cut = "rows";
      else if (lines.length > 0 && bytes + line.length > maxBytes) cut = "bytes";
      if (cut !== undefined) return false;
      lines.push(line);
      bytes += line.length;
      return true;
    },
  };
}

const escapes: Readonly<Record<string, string>> = {
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\\": "\\\\",
};

function lineOf({ name, size, mtime }: ArchiveEntry): Uint8Array {
  const escaped = Buffer.from(name)
    .toString("latin1")
    .replace(/[\t\n\r\\]/g, (character) => escapes[character] as string);
  return Buffer.from(`${escaped}\t${size}\t${timeOf(mtime)}\n`, "latin1");
}

/** ISO 8601 in UTC, or nothing where the time is unknown or out of range. */
function timeOf(seconds: number): string {
  const time = new Date(Math.floor(seconds) * 1000);
  return Number.isNaN(time.getTime()) ? "" : time.toISOString().replace(".000Z", "Z");
}
