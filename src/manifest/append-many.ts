import { isUtf8 } from "node:buffer";
import { isAbsolute, join, relative } from "node:path";
import { errorMessage } from "../errors.ts";
import { BRONZE } from "../lake/dataset.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { lineBlocks } from "../lib/line-blocks.ts";
import { isMapping } from "../lib/mapping.ts";
import { pathText } from "../lib/pep383.ts";
import { appendAtOnce, datasetDirectory, mtimeOf, whyNoLine } from "./append-lines.ts";
import { MAX_LINE_BYTES, type PlainLines, plainLinesAt } from "./entry.ts";
import type { Entry } from "./types.ts";

/** Bytes that are appended with one write, about. */
const TOGETHER_BYTES = 256 * 1024;
const LF = 0x0a;

/** Options of `appendMany`. */
export interface AppendManyOptions {
  /** Root of the lake. */
  readonly prefix: string;
  /** `vendor/dataset/version`. */
  readonly dataset: string;
  /**
   * Lines: each an entry as JSON, with or without its mtime, or the path of a file in bronze.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Returns the reason not to append an entry, if there is one. */
  readonly refuse?: ((entry: Pick<Entry, "bronze">) => Promise<string | undefined>) | undefined;
  /** Called with each line that is not appended, and its number, from 1. */
  readonly onRefused: (line: number, reason: string) => void;
}

/**
 * Appends many entries to a dataset's manifest, with one write for about 256 KiB of lines. Lines that
 * are no entries are left out. Returns the number of lines that were appended.
 * @throws Failure USAGE for a bad dataset; MANIFEST_UNREADABLE when the manifest cannot be written,
 * and those lines are appended that were written before
 */
export async function appendMany(options: AppendManyOptions): Promise<number> {
  const { prefix, dataset, chunks, refuse, onRefused } = options;
  const directory = datasetDirectory(prefix, dataset);
  const together = createWriter(directory);
  let [appended, number] = [0, 0];
  for await (const { bytes } of lineBlocks(withLastLine(chunks), 0, MAX_LINE_BYTES)) {
    if (bytes === undefined) {
      number += 1;
      onRefused(number, `longer than ${MAX_LINE_BYTES} bytes`);
      continue;
    }
    const plainAt = refuse === undefined ? plainLinesIn(bytes) : noneAt;
    for (let at = 0; at < bytes.length;) {
      const { end, lines } = plainAt(at);
      if (lines > 0) await together.add(bytes.subarray(at, end));
      appended += lines;
      number += lines;
      at = end;
      if (at < bytes.length) at = await addLine(bytes, at);
    }
  }
  await together.flush();
  return appended;

  /** Appends the line at an offset of a block, if it is an entry; returns the offset after it. */
  async function addLine(bytes: Uint8Array, at: number): Promise<number> {
    const end = bytes.indexOf(LF, at) + 1;
    number += 1;
    const read = await entryIn(pathText(bytes.subarray(at, end - 1)), directory);
    if (read === undefined) return end;
    const reason = "reason" in read ? read.reason : await refuse?.(read);
    if (reason === undefined && "line" in read) {
      await together.add(Buffer.from(`${read.line}\n`));
      appended += 1;
    } else onRefused(number, reason as string);
    return end;
  }
}

/** Passes over the plain lines of a block that begin at an offset. */
type PlainAt = (at: number) => PlainLines;

const noneAt: PlainAt = (at) => ({ end: at, lines: 0 });

/** Plain lines need not be parsed, and are appended as the bytes that they are. */
function plainLinesIn(bytes: Uint8Array): PlainAt {
  if (!isUtf8(bytes)) return noneAt;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  return (at) => plainLinesAt(text, at);
}

/** Appends whole lines to a manifest, many with one write. */
interface Writer {
  /** Takes a copy of whole lines. @throws as `appendAtOnce` */
  readonly add: (lines: Uint8Array) => Promise<void>;
  /** Appends what was taken and is not appended yet. @throws as `appendAtOnce` */
  readonly flush: () => Promise<void>;
}

function createWriter(directory: string): Writer {
  const held = Buffer.allocUnsafe(TOGETHER_BYTES);
  let heldBytes = 0;
  return { add, flush };

  async function add(lines: Uint8Array): Promise<void> {
    if (heldBytes + lines.length > held.length) await flush();
    if (lines.length > held.length) return appendAtOnce(directory, lines);
    held.set(lines, heldBytes);
    heldBytes += lines.length;
  }

  async function flush(): Promise<void> {
    if (heldBytes > 0) await appendAtOnce(directory, held.subarray(0, heldBytes));
    heldBytes = 0;
  }
}

type Read = { readonly line: string; readonly bronze: string } | { readonly reason: string };

/** The last line need not end with a line feed. */
async function* withLastLine(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield Uint8Array.of(LF);
}

/** The line to append for a line that was read; undefined for a blank one. */
async function entryIn(line: string, directory: string): Promise<Read | undefined> {
  if (line.trim() === "") return undefined;
  try {
    return line.trimStart().startsWith("{")
      ? await entryOfJson(line, directory)
      : await entryOfPath(line, directory);
  } catch (error) {
    return { reason: errorMessage(error) };
  }
}

/** A line that is an entry as it stands, or with the mtime that it lacks. @throws Failure USAGE */
async function entryOfJson(line: string, directory: string): Promise<Read> {
  if (!line.isWellFormed()) return { reason: "not UTF-8" };
  const value: unknown = parsed(line);
  if (!isMapping(value)) return { reason: whyNoLine(line) ?? "not a JSON object" };
  const { raw, bronze } = value;
  const isTimeless = value["mtime"] === undefined && typeof raw === "string";
  const whole =
    isTimeless && typeof bronze === "string"
      ? JSON.stringify({ ...value, mtime: await mtimeOf(directory, [raw, bronze]) })
      : line;
  return checked(whole, bronze as string);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The raw of a file in bronze that is announced by its path alone: the same path below `raw/`. */
export function rawOf(bronze: string): string {
  return `raw/${bronze.slice(BRONZE.length + 1)}`;
}

/** The entry of a file in bronze. @throws Failure USAGE */
async function entryOfPath(path: string, directory: string): Promise<Read> {
  if (isUrl(path)) return { reason: "a URL does not tell its raw: give a line of JSON" };
  const bronze = isAbsolute(path) ? relative(directory, path) : path;
  if (!bronze.startsWith(`${BRONZE}/`) || bronze.split("/").includes(".."))
    return {
      reason: `not in ${join(directory, BRONZE)}: give a line of JSON, with raw and bronze`,
    };
  const raw = rawOf(bronze);
  const line = JSON.stringify({ raw, bronze, mtime: await mtimeOf(directory, [raw, bronze]) });
  return checked(line, bronze);
}

function checked(line: string, bronze: string): Read {
  const reason = whyNoLine(line);
  return reason === undefined ? { line, bronze } : { reason };
}
