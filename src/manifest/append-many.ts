import { isAbsolute, join, relative } from "node:path";
import { errorMessage } from "../errors.ts";
import { BRONZE } from "../lake/dataset.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { lineBlocks } from "../lib/line-blocks.ts";
import { isMapping } from "../lib/mapping.ts";
import { pathText } from "../lib/pep383.ts";
import { appendAtOnce, datasetDirectory, mtimeOf, whyNoLine } from "./append-lines.ts";
import { MAX_LINE_BYTES, plainEntryAt } from "./entry.ts";
import type { Entry } from "./types.ts";

/** Bytes that are appended with one write, about. */
const TOGETHER_BYTES = 64 * 1024;
const LF = Buffer.from("\n");

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
 * Appends many entries to a dataset's manifest, with one write for about 64 KiB of lines. Lines that
 * are no entries are left out. Returns the number of lines that were appended.
 * @throws Failure USAGE for a bad dataset; MANIFEST_UNREADABLE when the manifest cannot be written,
 * and those lines are appended that were written before
 */
export async function appendMany(options: AppendManyOptions): Promise<number> {
  const { prefix, dataset, chunks, refuse, onRefused } = options;
  const directory = datasetDirectory(prefix, dataset);
  let [appended, number, pending] = [0, 0, ""];
  for await (const { bytes } of lineBlocks(withLastLine(chunks), 0, MAX_LINE_BYTES)) {
    for (const line of bytes === undefined ? [undefined] : linesIn(bytes)) {
      number += 1;
      const read = line === undefined ? TOO_LONG : await entryIn(line, directory);
      if (read === undefined) continue;
      const reason = "reason" in read ? read.reason : await refuse?.(read);
      if (reason === undefined && "line" in read) await add(`${read.line}\n`);
      else onRefused(number, reason as string);
    }
  }
  await flush();
  return appended;

  async function add(line: string): Promise<void> {
    if (pending.length + line.length > TOGETHER_BYTES) await flush();
    pending += line;
    appended += 1;
  }

  async function flush(): Promise<void> {
    if (pending !== "") await appendAtOnce(directory, pending);
    pending = "";
  }
}

type Read = { readonly line: string; readonly bronze: string } | { readonly reason: string };

const TOO_LONG: Read = { reason: `longer than ${MAX_LINE_BYTES} bytes` };

/** The last line need not end with a line feed. */
async function* withLastLine(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield LF;
}

/** The lines of a block, each with its line feed. */
function* linesIn(bytes: Uint8Array): Generator<string> {
  const text = pathText(bytes);
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at) + 1;
    yield text.slice(at, end);
    at = end;
  }
}

/** The line to append for a line that was read; undefined for a blank one. */
async function entryIn(text: string, directory: string): Promise<Read | undefined> {
  const plain = plainEntryAt(text, 0);
  const line = text.slice(0, -1);
  if (plain !== undefined) return { line, bronze: plain.bronze };
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
