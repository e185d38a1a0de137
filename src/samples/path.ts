import { createHash } from "node:crypto";
import type { Layout } from "../config/settings.ts";
import { pathBytes } from "../lib/pep383.ts";
import { fileName } from "../lib/text.ts";

/** Bytes a file name may have on every file system we know. */
const MAX_NAME_BYTES = 255;
/** Matches extensions that stay with the one before: of compressions, and of files that were put aside. */
const appended = /^\.(b?gz|bgzf|zst|bz2|xz|lz4|lzma|z|\d+|bak|old|orig)$/i;
const oneExtension = /^\.[A-Za-z0-9_-]{1,16}$/;

/** Files of JSON lines in `samples/`, which are only appended to. */
export type RecordKind = "receipts" | "shapes" | "findings";

/** True when a file below `samples/` holds such lines: ours, another host's, sealed ones. */
export function isRecords(name: string): boolean {
  return /^_(receipts|shapes|findings)(-[\w.-]+)?\.jsonl/.test(name);
}

/**
 * True when a file below `samples/` holds receipts: ours, another host's, sealed or renamed ones.
 */
export function isReceipts(name: string): boolean {
  return /^_receipts(-[\w.-]+)?\.jsonl/.test(name);
}

/**
 * Matches names of the kind that most files have, whose characters need not be looked at one by
 * one.
 */
const plainName = /^[A-Za-z0-9][\w.-]*$/;

/** Everything besides raw that decides a sample's path. */
export interface NameOptions {
  readonly layout: Layout;
  /** The sample's extension, or null for the raw file's own. */
  readonly extension: string | null;
  /** True when another raw has the plain name. */
  readonly taken?: boolean;
}

/**
 * The path of a sample below `samples/`: `raw/a/data.csv.gz` → `data_sample.csv.gz`. Always a
 * relative path without `..`, of names that are safe to write, no longer than 255 bytes each.
 */
export function samplePath(raw: string, { layout, extension, taken = false }: NameOptions): string {
  const last = fileName(raw);
  // As a rule nothing has to be split: that takes as long as all the rest.
  if (layout === "flat" && isName(last)) return sampleName(safeName(last), raw, extension, taken);
  const parts = raw.split("/").filter(isName);
  const file = parts.pop() ?? "";
  const name = sampleName(safeName(file), raw, extension, taken);
  if (layout === "flat") return name;
  if (parts[0] === "raw") parts.shift();
  return [...parts.map((part) => shorten(safeName(part), raw)), name].join("/");
}

/** True when a part of a path names something. */
function isName(part: string): boolean {
  return part !== "" && part !== "." && part !== "..";
}

/** The extension a raw file has, with what was appended: `.csv.gz`, `.log.1`; empty where there is none. */
export function extensionOf(raw: string): string {
  return extensionIn(safeName(fileName(raw)));
}

function extensionIn(file: string): string {
  const outer = lastExtension(file);
  if (!appended.test(outer)) return outer;
  const inner = lastExtension(file.slice(0, -outer.length));
  return /^(\.\d.*)?$/.test(inner) ? outer : inner + outer;
}

function lastExtension(file: string): string {
  const dot = file.lastIndexOf(".");
  const extension = dot < 0 ? "" : file.slice(dot);
  return oneExtension.test(extension) ? extension : "";
}

function sampleName(file: string, raw: string, extension: string | null, taken: boolean): string {
  const own = extensionIn(file);
  const stem = file.slice(0, file.length - own.length);
  const ending = `_sample${taken ? suffixOf(raw) : ""}${extension ?? own}`;
  const plain = stem + ending;
  if (isShort(plain)) return plain;
  const marked = `_sample${suffixOf(raw)}${extension ?? own}`;
  return cutTo(stem, MAX_NAME_BYTES - Buffer.byteLength(marked)) + marked;
}

/**
 * True when a sample can have this path below `samples/`. A path that was read from a file is not
 * trusted to stay there.
 */
export function isSamplePath(path: string): boolean {
  const parts = path.split("/");
  const isSafe = (part: string) => part !== "" && safeName(part) === part && isShort(part);
  return parts.every(isSafe) && parts.at(-1)?.includes("_sample") === true;
}

/**
 * Makes a name safe. Control characters, escaped bytes and a leading dot become `_`. So does the
 * beginning of a name that would be taken for receipts: a file's content must not be read as ours.
 */
function safeName(name: string): string {
  if (plainName.test(name)) return name;
  // oxlint-disable-next-line no-control-regex
  const safe = name.replace(/[\u0000-\u001f\u007f]|\p{Surrogate}/gu, "_").replace(/^\./, "_");
  return safe.startsWith("_receipts") ? `_${safe}` : safe;
}

/** True when a file system takes the name. A character has three bytes at most. */
function isShort(name: string): boolean {
  return name.length <= MAX_NAME_BYTES / 3 || Buffer.byteLength(name) <= MAX_NAME_BYTES;
}

/** Shortens a directory name that is too long: it keeps its beginning and gets a hash of raw. */
function shorten(name: string, raw: string): string {
  if (isShort(name)) return name;
  const mark = suffixOf(raw);
  return cutTo(name, MAX_NAME_BYTES - mark.length) + mark;
}

function suffixOf(raw: string): string {
  return `~${createHash("sha256").update(pathBytes(raw)).digest("hex").slice(0, 16)}`;
}

function cutTo(text: string, bytes: number): string {
  let kept = "";
  let size = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (size > bytes) break;
    kept += character;
  }
  return kept;
}
