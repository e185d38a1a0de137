import { compressions } from "../formats/compressed/decompress.ts";
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Failure } from "../errors.ts";
import { formatOfName, formats, recognise } from "../formats/index.ts";
import { startDeadline } from "../lib/deadline.ts";
import { openLocalFile } from "../lake/local-file.ts";
import { decodeText, isText } from "../lib/encoding.ts";
import { pathBytes } from "../lib/pep383.ts";
import { HEAD_BYTES, streamSource, type Source } from "../lib/source.ts";
import type { Limits } from "../lib/limits.ts";
import type { Strategy } from "../formats/types.ts";
import type { Mapped } from "../lib/mapped-names.ts";
import type { Mask } from "../masking/mask.ts";
import { takeSample, type TakenSample } from "../view/take-sample.ts";

/** Options of a preview. */
export interface PreviewRequest {
  readonly limits: Limits;
  readonly extensions: Mapped;
  /** A format or extension, such as `csv.gz`, that goes before the file's name. */
  readonly format: string | undefined;
  /** The way to choose records; undefined for the first ones. */
  readonly strategy: Omit<Strategy, "seed"> | undefined;
  /** The mask under which it is shown; undefined where it is shown as it is. */
  readonly mask?: Mask | undefined;
}

/** A sample and its source. */
export interface Previewed {
  readonly name: string;
  readonly sample: TakenSample;
  readonly readBytes: number;
  /** Null for what does not lie elsewhere. */
  readonly requests: number | null;
  /** Null for a stream, and where a server does not say. */
  readonly sourceSize: number | null;
}

/**
 * Samples a file into memory.
 * @throws Failure USAGE for an unknown format; what is wrong with the file
 */
export async function previewFile(path: string, request: PreviewRequest): Promise<Previewed> {
  const { limits, extensions, format, mask } = request;
  const name = nameFor(basename(path), format);
  const deadline = startDeadline(limits.seconds, new AbortController().signal);
  const { signal } = deadline;
  const { readBytes } = limits;
  const memory = Buffer.allocUnsafe(HEAD_BYTES);
  try {
    const source = openLocalFile(resolve(path), { roots: ["/"], name, readBytes, signal, memory });
    try {
      const strategy = strategyFor(source, request);
      const sampled = { source, limits, signal, depth: 0, extensions, strategy };
      const sample = await takeSample(sampled, mask);
      const { size: sourceSize } = source;
      return { name, sample, readBytes: source.readBytes(), requests: null, sourceSize };
    } finally {
      source.close();
    }
  } catch (error) {
    throw hinted(error, path);
  } finally {
    deadline.stop();
  }
}

/** The strategy for one source: its name and time say which version it is. */
export function strategyFor(
  { name, mtime }: Source,
  { strategy }: PreviewRequest,
): Strategy | undefined {
  return strategy && { ...strategy, seed: `${name}\0${mtime ?? ""}` };
}

/**
 * Adds a hint to an error: a FIFO or device is not opened, but can be read as a stream; a directory
 * cannot.
 */
function hinted(error: unknown, path: string): unknown {
  if (!(error instanceof Failure) || !error.message.endsWith("not a regular file")) return error;
  if (statSync(pathBytes(path), { throwIfNoEntry: false })?.isDirectory() === true) return error;
  const message = `${error.message}; a stream is read with \`preview -\``;
  return new Failure(error.code, message, { cause: error });
}

/**
 * Samples stdin, and reads no more of it than that takes. There is no time limit.
 * @throws Failure USAGE for a format that needs random access; LIMIT_EXCEEDED; what is wrong with
 * the data
 */
export async function previewStdin(request: PreviewRequest): Promise<Previewed> {
  const { limits, extensions, format } = request;
  // Before anything is read.
  nameFor("stdin", format);
  const read = { bytes: 0 };
  const chunks = stdin(read, limits.readBytes);
  try {
    const stream = streamSource("stdin", chunks);
    const source = { ...stream, name: nameFor(await guessedName(stream), format) };
    const { signal } = new AbortController();
    const strategy = strategyFor(source, request);
    const sampling = { source, limits, signal, depth: 0, extensions, strategy };
    const found = await recognise({ ...sampling, recognise });
    if (/^(zip|parquet|arrow|orc|xlsx|sqlite)$/.test(found.format.name)) {
      const why = `${found.format.name} is read from its end: it needs a file, not a stream`;
      throw new Failure("USAGE", why);
    }
    const sample = await takeSample(sampling);
    const { name } = source;
    return { name, sample, readBytes: read.bytes, requests: null, sourceSize: null };
  } finally {
    await chunks.return(undefined);
  }
}

async function* stdin(
  read: { bytes: number },
  most: number,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    read.bytes += chunk.length;
    if (read.bytes > most) {
      throw new Failure("LIMIT_EXCEEDED", `needs more than limits.readBytes (${most} bytes) read`);
    }
    yield chunk;
  }
}

/** A name for a stream, which has none: text is JSON where it begins like it, else plain lines. */
async function guessedName({ head }: Source): Promise<string> {
  const first = await head();
  if (first.length === 0 || !isText(first)) return "stdin";
  return /^\s*[[{]/.test(decodeText(first)) ? "stdin.json" : "stdin.txt";
}

/** The name to recognise a file by. @throws Failure USAGE */
export function nameFor(name: string, format: string | undefined): string {
  if (format === undefined) return name;
  const wanted = format === "text" ? "txt" : format.replace(/^\./, "");
  const hinted = `${name}.${wanted}`;
  if (formatOfName(hinted, {}) !== undefined && formatOfName(`.${wanted}`, {}) !== undefined)
    return hinted;
  const packed = compressions.map(({ name: compression }) => compression);
  const plain = formats
    .map((one) => one.name)
    .filter((one) => !one.startsWith("tar.") && !packed.includes(one));
  const known = `${plain.join(", ")}, or an extension, also with ${packed.join(", ")}: csv.gz`;
  throw new Failure("USAGE", `--format ${format}: use one of ${known}`);
}
