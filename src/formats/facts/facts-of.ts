import type { Source } from "../../lib/source.ts";
import { faultOf } from "../fault.ts";
import { arrowFacts, isArrow } from "./arrow.ts";
import { dtaFacts, isDta } from "./dta.ts";
import { hdf5Facts, isHdf5 } from "./hdf5.ts";
import { imageFacts, isImage } from "./images.ts";
import { isNetcdf, netcdfFacts } from "./netcdf.ts";
import { isNpy, isNpz, npyFacts, npzFacts } from "./npy.ts";
import { isOrc } from "../orc/orc.ts";
import { orcFacts } from "./orc.ts";
import { isPdf, pdfFacts } from "./pdf.ts";
import { descriptorFacts, isDescriptorSet } from "./protobuf-schema.ts";
import { isSas, sasFacts } from "./sas.ts";
import { isSav, savFacts } from "./sav.ts";
import { isOds, odsFacts } from "./ods.ts";
import { isSqlite } from "../sqlite/database.ts";
import { sqliteFacts } from "./sqlite.ts";
import { isXls, xlsFacts } from "./xls.ts";
import { isXlsb, xlsbFacts } from "./xlsb.ts";
import { isXlsx, xlsxFacts } from "./xlsx.ts";
import type { Facts } from "./facts.ts";

/** Reads facts with random access. @throws anything, where the file is damaged */
type Reader = (read: NonNullable<Source["slice"]>, size: number) => Promise<Facts>;

const readers: readonly (readonly [
  matches: (head: Uint8Array, name: string) => boolean,
  facts: Reader,
])[] = [
  [isArrow, arrowFacts],
  [isOrc, orcFacts],
  [isXlsx, xlsxFacts],
  [isXlsb, xlsbFacts],
  [isXls, xlsFacts],
  [isOds, odsFacts],
  [isSqlite, sqliteFacts],
  [isPdf, pdfFacts],
  [isImage, imageFacts],
  [isHdf5, hdf5Facts],
  [isNetcdf, netcdfFacts],
  [isNpy, npyFacts],
  [isNpz, npzFacts],
  [isSas, sasFacts],
  [isSav, savFacts],
  [isDta, dtaFacts],
  [isDescriptorSet, descriptorFacts],
];

/**
 * Reads the facts of a file whose format has cheap ones; none for other formats. `fault` says why a
 * damaged file has none.
 * @throws what reading throws where the file is not to blame.
 */
export async function factsOf(
  { name, size, slice, head }: Source,
  signal: AbortSignal,
): Promise<{ readonly facts: Facts; readonly fault?: string }> {
  if (slice === undefined || size === undefined) return { facts: {} };
  const first = await head();
  const reader = readers.find(([matches]) => matches(first, name))?.[1];
  if (reader === undefined) return { facts: {} };
  try {
    return { facts: await reader(slice, size) };
  } catch (error) {
    return { facts: {}, fault: faultOf(error, signal) };
  }
}
