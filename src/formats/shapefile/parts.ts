import { ENTRY_BYTES, HEADER_BYTES, RECORD_HEAD_BYTES } from "./header.ts";

/** Extensions of the files that a shapefile is made of; other programs add more of their own. */
const PART = /^(.*)\.(shp|shx|dbf|prj|cpg)$/is;

/** Formats of parts that have a record for each shape. */
export const shapeFormats: ReadonlySet<string> = new Set(["shp", "shx", "dbf"]);

/** The name that all files of a shapefile have before their extension; undefined for other files. */
export function shapefileOf(name: string): string | undefined {
  return PART.exec(name)?.[1]?.toLowerCase();
}

/** True where each entry of an index leads to the record in its place. */
export function leadsToEach(index: Buffer, shapes: Buffer): boolean {
  let record = HEADER_BYTES;
  for (let at = HEADER_BYTES; at + ENTRY_BYTES <= index.length; at += ENTRY_BYTES) {
    if (2 * index.readUInt32BE(at) !== record || record >= shapes.length) return false;
    record += RECORD_HEAD_BYTES + 2 * shapes.readUInt32BE(record + 4);
  }
  return record === shapes.length;
}
