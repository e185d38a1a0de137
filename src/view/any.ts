import { decodeArrow } from "../decode/arrow.ts";
import { decodeOrc } from "../decode/orc.ts";
import { recognise } from "../formats/index.ts";
import { lineFormats } from "../formats/lines/families.ts";
import { membersOfTar, membersOfZip, viewArchive } from "./archive.ts";
import { viewAvro } from "./avro.ts";
import { compressions, viewCompressed } from "./compressed.ts";
import { viewCsv } from "./csv.ts";
import { viewDbf } from "./dbf.ts";
import { viewDecoded } from "./decoded.ts";
import { headTable } from "./hex.ts";
import { viewJson, viewJsonLinesOrValues } from "./json.ts";
import { memorySource } from "../lib/memory-source.ts";
import { viewParquet } from "./parquet.ts";
import { viewSqlite } from "./sqlite.ts";
import { viewText } from "./text.ts";
import type { Shown, Viewer, ViewRequest } from "./viewer.ts";
import { viewXlsx } from "./xlsx.ts";
import { viewXml } from "./xml.ts";

const lineViewers = lineFormats.map(({ name }) => [name, viewText] as const);
const viewers: Readonly<Record<string, Viewer>> = {
  csv: viewCsv,
  jsonl: viewJsonLinesOrValues,
  json: viewJson,
  parquet: viewParquet,
  avro: viewAvro,
  arrow: viewDecoded("an Arrow file", decodeArrow),
  orc: viewDecoded("an ORC file", decodeOrc),
  sqlite: viewSqlite,
  dbf: viewDbf,
  xlsx: viewXlsx,
  zip: (request) => viewArchive(request, membersOfZip, viewAny),
  tar: (request) => viewArchive(request, membersOfTar, viewAny),
  xml: viewXml,
  ...Object.fromEntries(lineViewers),
  text: viewText,
  empty: () => ({ facts: [["content", "an empty file"]], tables: [], warnings: [] }),
};

/** Shows samples for which there is no other viewer. */
const viewHead: Viewer = ({ bytes }) => ({ facts: [], tables: [headTable(bytes)], warnings: [] });

/**
 * Shows a sample by its format: recognised as for sampling, by its name and its first bytes.
 * @throws Failure FORMAT_INVALID where it cannot be shown at all
 */
export async function viewAny(request: ViewRequest): Promise<Shown> {
  const { bytes, name, limits, extensions, signal, depth } = request;
  const source = memorySource(name, bytes);
  const found = await recognise({ source, limits, extensions, signal, depth, recognise });
  const { name: format } = found.format;
  const compression = compressions.get(format);
  if (compression !== undefined) return viewCompressed(compression, request, viewAny);
  return (viewers[format] ?? viewHead)(request);
}
