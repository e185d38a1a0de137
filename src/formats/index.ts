import { Failure } from "../errors.ts";
import { isText } from "../lib/encoding.ts";
import type { Limits } from "../lib/limits.ts";
import { type Mapped, mappedFormat } from "../lib/mapped-names.ts";
import { isZipBased, mediaTypeOf } from "../lib/signature.ts";
import type { Format, Recognised, RecognisedBy, SampleRequest } from "./types.ts";
import { arrow } from "./arrow/arrow.ts";
import { avro } from "./avro/avro.ts";
import { innerName } from "./compressed/compression.ts";
import { compressions } from "./compressed/decompress.ts";
import {
  compressedFormat,
  compressedTar,
  compressedTarWithMembers,
  tarName,
} from "./compressed/wrap.ts";
import { csv } from "./csv/csv.ts";
import { dbf } from "./dbf/dbf.ts";
import { empty } from "./empty.ts";
import { json, jsonl } from "./json/json.ts";
import { lineFormats } from "./lines/families.ts";
import { orc } from "./orc/orc.ts";
import { parquet } from "./parquet/parquet.ts";
import { shp } from "./shapefile/shp.ts";
import { shx } from "./shapefile/shx.ts";
import { sniff } from "./sniff.ts";
import { sqlite } from "./sqlite/sqlite.ts";
import { tar, tarWithMembers } from "./tar/tar.ts";
import { text } from "./text.ts";
import { unknown } from "./unknown.ts";
import { cbor, msgpack } from "./values/values.ts";
import { xlsx } from "./xlsx/xlsx.ts";
import { xml } from "./xml/xml.ts";
import { zip } from "./zip/zip.ts";

const LF = 0x0a;
const CR = 0x0d;
/** Names of pickles of Python, and of files that consist of them. */
const PICKLE = /\.(pkl|pickle|joblib)$/i;

const compressed = compressions.map(compressedFormat);

const compressedTars = compressions.map(compressedTar);
/** Formats of tars whose members are sampled, by those of tars that are only listed. */
const withMembers = new Map<Format, Format>([
  [tar, tarWithMembers],
  ...compressions.map(
    (one, i) => [compressedTars[i], compressedTarWithMembers(one)] as [Format, Format],
  ),
]);

/** Every format that has samples of its own, in order of priority. */
export const formats: readonly Format[] = [
  csv,
  jsonl,
  json,
  xml,
  ...lineFormats,
  text,
  ...compressedTars,
  ...compressed,
  parquet,
  avro,
  arrow,
  orc,
  sqlite,
  dbf,
  shp,
  shx,
  msgpack,
  cbor,
  xlsx,
  zip,
  tar,
];

/**
 * The format of a source: its name speaks first, its first bytes correct it. Text whose name says
 * nothing has the format that it reads as, lines at least.
 * @throws Failure FORMAT_INVALID when the name claims a binary format and the file is empty.
 */
export async function recognise(request: SampleRequest): Promise<Recognised> {
  return recogniseHead(await request.source.head(), request);
}

/** The same for a source whose first bytes are known. @throws Failure as `recognise` */
export function recogniseHead(head: Uint8Array, request: SampleRequest): Recognised {
  const found = recogniseForm(head, request);
  return { ...found, format: asWanted(found.format, request.limits) };
}

/** The same format, or of a tar the one that samples members where these are wanted. */
export function asWanted(format: Format, { tarMembers }: Pick<Limits, "tarMembers">): Format {
  return (tarMembers > 0 ? withMembers.get(format) : undefined) ?? format;
}

function recogniseForm(head: Uint8Array, request: SampleRequest): Recognised {
  const { source, extensions } = request;
  const mapped = mappedFormat(source.name, extensions);
  const named = mapped === undefined ? ownFormat(source.name) : formatNamed(mapped);
  const by = mapped === undefined ? "name" : "configuration";
  if (head.length === 0) return recogniseEmpty(named, by);
  // Most files are text and named so: they need no look for signatures.
  if (named?.kind === "text" && isText(head)) return { format: named, by };
  const found = formats.find((format) => format.matches?.(head));
  if (named !== undefined && isKept(named, head, found)) return { format: named, by };
  const signed = isZipBased(source.name) ? undefined : found;
  if (signed !== undefined) return misnamed({ format: signed, by: "content" }, source.name, named);
  const held = textIn(head, named, request);
  if (held !== undefined) return misnamed(held, source.name, named);
  // A zip may follow a stub, and a tar without members is zeros: the sampler refuses what is not.
  if (named?.kind === "binary") return { format: named, by };
  if (named !== undefined) {
    const reason = `named ${source.name}, but does not hold text`;
    return { format: unknown, by: "content", reason };
  }
  return { format: unknown, by: "content", reason: reasonFor(source.name, head) };
}

/** The format that a file name claims, or undefined. */
export function formatOfName(name: string, extensions: Mapped): Format | undefined {
  const mapped = mappedFormat(name, extensions);
  return mapped === undefined ? ownFormat(name) : formatNamed(mapped);
}

/** Formats by extension; of two that have the same, the first one. */
const byExtension: ReadonlyMap<string, Format> = new Map(
  formats
    .toReversed()
    .flatMap((format) => format.extensions.map((extension) => [extension, format] as const)),
);

/** The format that has a name's extension, the longest that there is: `.tar.gz` before `.gz`. */
function ownFormat(name: string): Format | undefined {
  const lower = name.toLowerCase();
  for (let at = lower.indexOf("."); at >= 0; at = lower.indexOf(".", at + 1)) {
    const found = byExtension.get(lower.slice(at));
    if (found !== undefined) return found;
  }
  return undefined;
}

function formatNamed(name: string): Format | undefined {
  return formats.find((format) => format.name === name);
}

/** The same, with a warning where a name claims another format. */
function misnamed(held: Recognised, name: string, named: Format | undefined): Recognised {
  if (named === undefined) return held;
  return { ...held, warning: `named ${name}, but holds ${held.format.name}` };
}

function recogniseEmpty(named: Format | undefined, by: RecognisedBy): Recognised {
  // A database without tables has no bytes until something is written to it.
  if (named?.kind === "binary" && named !== sqlite && !compressed.includes(named)) {
    throw new Failure("FORMAT_INVALID", `an empty file is not ${named.name}`);
  }
  return { format: empty, by };
}

/** True when the content does not contradict the format that the name claims. */
function isKept(named: Format, head: Uint8Array, found: Format | undefined): boolean {
  if (named.kind === "text") return !isForeign(head, found);
  return named === found || (found !== undefined && named.name === tarName(found.name));
}

/**
 * True when a file named like text, which does not read as such, is something else. Signatures can
 * be words (`ORC`, `PAR1`), so they only speak against such a file.
 */
function isForeign(head: Uint8Array, found: Format | undefined): boolean {
  return found !== undefined || mediaTypeOf(head) !== undefined || !isText(head, true);
}

/** The format of text without a name of its own, or named as if compressed. */
function textIn(
  head: Uint8Array,
  named: Format | undefined,
  { source, extensions }: SampleRequest,
): Recognised | undefined {
  if (!isText(head)) return undefined;
  if (named === undefined) {
    return mediaTypeOf(head) === undefined ? { ...sniff(head), by: "content" } : undefined;
  }
  const compression = compressions.find((_, i) => compressed[i] === named);
  if (compression === undefined) return undefined;
  const inner = formatOfName(innerName(compression, source.name, extensions), extensions);
  const isSilent = inner === undefined || inner === named;
  const held: Recognised = isSilent
    ? { ...sniff(head), by: "content" }
    : { format: inner, by: "content" };
  // The first bytes of a bzip2 are letters: a text has lines.
  const isPlain = held.format === json || head.includes(LF) || head.includes(CR);
  return isPlain && held.format.kind === "text" ? held : undefined;
}

function reasonFor(name: string, head: Uint8Array): string {
  const type = mediaTypeOf(head, name);
  // Of a zip there are samples: what has none is what it is used for.
  if (type !== undefined && type !== "application/zip") return `no samples of ${type}`;
  if (PICKLE.test(name)) return "a pickle is never loaded: that would run what it holds";
  const extension = /\.[^.]+$/.exec(name)?.[0];
  return extension === undefined ? "no extension to go by" : `no samples of ${extension} files`;
}
