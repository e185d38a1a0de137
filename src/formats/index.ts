import { Failure } from "../errors.ts";
import { isText } from "../lib/encoding.ts";
import { mediaTypeOf } from "../lib/signature.ts";
import type { Format, Recognised, RecognisedBy, SampleRequest } from "../types.ts";
import { avro } from "./avro/avro.ts";
import { compressions } from "./compressed/decompress.ts";
import { compressedFormat, compressedTar, tarName } from "./compressed/wrap.ts";
import { csv } from "./csv.ts";
import { empty } from "./empty.ts";
import { json } from "./json.ts";
import { parquet } from "./parquet/parquet.ts";
import { tar } from "./tar.ts";
import { jsonl, text } from "./text.ts";
import { unknown } from "./unknown.ts";
import { zip } from "./zip.ts";

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

/** Zip files that are documents or packages: three of their members are no sample of them. */
const zipBased = /\.(xlsx|xlsm|xlsb|docx|pptx|odt|ods|odp|epub|jar|war|apk|whl|npz|kmz)$/i;

/**
 * The format of a source: its name speaks first, its first bytes correct it.
 * @throws Failure FORMAT_INVALID when the name claims a binary format and the file is empty.
 */
export async function recognise(request: SampleRequest): Promise<Recognised> {
  const { source, extensions, depth } = request;
  const head = await source.head();
  const named = formatOfName(source.name, extensions);
  const by = mappedExtension(source.name, extensions) === undefined ? "name" : "configuration";
  if (head.length === 0) return recogniseEmpty(named, by);
  const found = formats.find((format) => format.matches?.(head));
  if (named !== undefined && isKept(named, head, found)) return { format: named, by };
  if (found !== undefined && !zipBased.test(source.name)) {
    const warning = `named ${source.name}, but holds ${found.name}`;
    const recognised = { format: found, by: "content" } as const;
    return named === undefined ? recognised : { ...recognised, warning };
  }
  // A zip may follow a stub, and a tar without members is zeros: the sampler refuses what is not.
  if (named?.kind === "binary") return { format: named, by };
  if (named !== undefined) {
    const reason = `named ${source.name}, but does not hold text`;
    return { format: unknown, by: "content", reason };
  }
  if (depth > 0 && isText(head)) return { format: text, by: "content" };
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

/** True when the content does not speak against the format that the name claims. */
function isKept(named: Format, head: Uint8Array, found: Format | undefined): boolean {
  if (named.kind === "text") return !isForeign(head, found);
  return named === found || (found !== undefined && named.name === tarName(found.name));
}

/**
 * True when a file named like text is something else. Signatures can be words (`ORC`, `PAR1`), so
 * they only speak against text that does not read as such.
 */
function isForeign(head: Uint8Array, found: Format | undefined): boolean {
  if (isText(head)) return false;
  return found !== undefined || mediaTypeOf(head) !== undefined || !isText(head, true);
}

function reasonFor(name: string, head: Uint8Array): string {
  const type = mediaTypeOf(head);
  if (type !== undefined) return `no samples of ${type}`;
  const extension = /\.[^.]+$/.exec(name)?.[0];
  return extension === undefined ? "no extension to go by" : `no samples of ${extension} files`;
}
