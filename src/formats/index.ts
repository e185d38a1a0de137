import { Failure } from "../errors.ts";
import { isText } from "../lib/encoding.ts";
import { isZipBased, mediaTypeOf } from "../lib/signature.ts";
import type { Format, Recognised, RecognisedBy, SampleRequest } from "./types.ts";
import { avro } from "./avro/avro.ts";
import { innerName } from "./compressed/compression.ts";
import { compressions } from "./compressed/decompress.ts";
import { compressedFormat, compressedTar, tarName } from "./compressed/wrap.ts";
import { csv } from "./csv/csv.ts";
import { empty } from "./empty.ts";
import { json, jsonl } from "./json/json.ts";
import { looksLikeJson } from "./json/shape.ts";
import { parquet } from "./parquet/parquet.ts";
import { tar } from "./tar/tar.ts";
import { text } from "./text.ts";
import { unknown } from "./unknown.ts";
import { zip } from "./zip/zip.ts";

const LF = 0x0a;
const CR = 0x0d;

const compressed = compressions.map(compressedFormat);

/** Every format that has samples of its own, in order of priority. */
export const formats: readonly Format[] = [
  csv,
  jsonl,
  json,
  text,
  ...compressions.map(compressedTar),
  ...compressed,
  parquet,
  avro,
  zip,
  tar,
];

/**
 * The format of a source: its name speaks first, its first bytes correct it.
 * @throws Failure FORMAT_INVALID when the name claims a binary format and the file is empty.
 */
export async function recognise(request: SampleRequest): Promise<Recognised> {
  const { source, extensions } = request;
  const head = await source.head();
  const named = formatOfName(source.name, extensions);
  const by = mappedExtension(source.name, extensions) === undefined ? "name" : "configuration";
  if (head.length === 0) return recogniseEmpty(named, by);
  // Most files are text and named so: they need no look for signatures.
  if (named?.kind === "text" && isText(head)) return { format: named, by };
  const found = formats.find((format) => format.matches?.(head));
  if (named !== undefined && isKept(named, head, found)) return { format: named, by };
  const signed = isZipBased(source.name) ? undefined : found;
  const held = signed ?? textIn(head, named, request);
  if (held !== undefined) {
    const warning = `named ${source.name}, but holds ${held.name}`;
    const recognised = { format: held, by: "content" } as const;
    return named === undefined ? recognised : { ...recognised, warning };
  }
  // A zip may follow a stub, and a tar without members is zeros: the sampler refuses what is not.
  if (named?.kind === "binary") return { format: named, by };
  if (named !== undefined) {
    const reason = `named ${source.name}, but does not hold text`;
    return { format: unknown, by: "content", reason };
  }
  return { format: unknown, by: "content", reason: reasonFor(source.name, head) };
}

/** The format that a file name claims, or undefined. */
export function formatOfName(
  name: string,
  extensions: Readonly<Record<string, string>>,
): Format | undefined {
  const mapped = mappedExtension(name, extensions);
  if (mapped !== undefined) return formats.find((format) => format.name === extensions[mapped]);
  const lower = name.toLowerCase();
  return formats.find((format) => format.extensions.some((extension) => lower.endsWith(extension)));
}

function mappedExtension(
  name: string,
  extensions: Readonly<Record<string, string>>,
): string | undefined {
  const lower = name.toLowerCase();
  return Object.keys(extensions).find((extension) => lower.endsWith(extension));
}

function recogniseEmpty(named: Format | undefined, by: RecognisedBy): Recognised {
  if (named?.kind === "binary" && !compressed.includes(named)) {
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

/** The format of text inside a container without a name of its own, or named as if compressed. */
function textIn(
  head: Uint8Array,
  named: Format | undefined,
  { source, extensions, depth }: SampleRequest,
): Format | undefined {
  if (!isText(head)) return undefined;
  const byContent = looksLikeJson(head) ? json : text;
  if (named === undefined) return depth > 0 ? byContent : undefined;
  const compression = compressions.find((_, i) => compressed[i] === named);
  // The first bytes of a bzip2 are letters: a text has lines.
  const isPlain = byContent === json || head.includes(LF) || head.includes(CR);
  if (compression === undefined || !isPlain) return undefined;
  const inner = formatOfName(innerName(compression, source.name, extensions), extensions);
  if (inner === undefined) return byContent;
  return inner.kind === "text" ? inner : undefined;
}

function reasonFor(name: string, head: Uint8Array): string {
  const type = mediaTypeOf(head, name);
  // Of a zip there are samples: what has none is what it is used for.
  if (type !== undefined && type !== "application/zip") return `no samples of ${type}`;
  const extension = /\.[^.]+$/.exec(name)?.[0];
  return extension === undefined ? "no extension to go by" : `no samples of ${extension} files`;
}
