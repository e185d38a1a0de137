import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import { entriesOf, type ManifestEntry, type ManifestOutput, outputsOf } from "./data-manifest.ts";

/** Bytes of a manifest's file: 10,000 names with signed URLs have about 10 MB. */
const MOST_BYTES = 64 * 1024 ** 2;

/** A data manifest, and what is sent back when its command has ended. */
export interface ManifestFile {
  readonly entries: readonly ManifestEntry[];
  readonly outputs: readonly ManifestOutput[];
}

/**
 * Reads a data manifest from a file, or a BagIt folder. Text that is no JSON is a list: a location on
 * each line, or the lines of a `fetch.txt` (location, bytes or `-`, name).
 * @throws Failure USAGE, PATH_REFUSED
 */
export async function readManifestFile(path: string): Promise<ManifestFile> {
  const found = await stat(path).catch((error: unknown) => {
    throw new Failure("USAGE", `cannot read ${path}: ${systemMessage(error)}`, { cause: error });
  });
  if (found.isDirectory()) return { entries: await readBag(path), outputs: [] };
  if (!found.isFile()) throw new Failure("USAGE", `${path} is neither a file nor a folder`);
  const text = await textOf(path);
  if (!/^\s*[[{]/.test(text)) return { entries: fetchList(text, new Map()), outputs: [] };
  try {
    const manifest: unknown = JSON.parse(text);
    return { entries: entriesOf(manifest), outputs: outputsOf(manifest) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Failure("USAGE", `${path} is no JSON${whereIn(error)}`);
  }
}

/** Reads `fetch.txt` and `manifest-sha256.txt` of a bag (RFC 8493). */
async function readBag(directory: string): Promise<readonly ManifestEntry[]> {
  const hashes = new Map<string, string>();
  for (const line of linesOf(await textOf(join(directory, "manifest-sha256.txt"), ""))) {
    const [, hash, name] = /^([0-9a-f]{64})[ \t]+\*?(.+)$/i.exec(line) ?? [];
    if (hash !== undefined && name !== undefined) hashes.set(unescaped(name), hash.toLowerCase());
  }
  return fetchList(await textOf(join(directory, "fetch.txt")), hashes);
}

function fetchList(text: string, hashes: ReadonlyMap<string, string>): readonly ManifestEntry[] {
  const lines = linesOf(text).filter((line) => !line.startsWith("#"));
  if (lines.length === 0)
    throw new Failure("USAGE", "the data manifest is empty: it names no file");
  const isFetch = lines.every((line) => FETCH.test(line));
  if (!isFetch) return entriesOf(lines);
  const entries = lines.map((line) => {
    const [, url = "", length = "-", path = ""] = FETCH.exec(line) ?? [];
    const name = unescaped(path);
    const size = length === "-" ? {} : { size: Number(length) };
    const sha256 = hashes.get(name);
    return [name, { url, ...size, ...(sha256 === undefined ? {} : { sha256 }) }] as const;
  });
  const named = Object.fromEntries(entries);
  if (Object.keys(named).length < entries.length)
    throw new Failure("USAGE", "a fetch.txt names a file twice");
  return entriesOf(named);
}

const FETCH = /^(\S+)[ \t]+(\d+|-)[ \t]+(.+)$/;

function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}

/** A name in a bag has CR, LF and percent as `%0D`, `%0A` and `%25`. */
function unescaped(name: string): string {
  return name.replaceAll(/%(0d|0a|25)/gi, (code) => decodeURIComponent(code));
}

async function textOf(path: string, ifMissing?: string): Promise<string> {
  try {
    if ((await stat(path)).size > MOST_BYTES)
      throw new Failure("USAGE", `${path} is larger than ${MOST_BYTES} bytes`);
    return (await readFile(path, "utf8")).replace(/^\uFEFF/, "");
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (ifMissing !== undefined && errorCode(error) === "ENOENT") return ifMissing;
    throw new Failure("USAGE", `cannot read ${path}: ${systemMessage(error)}`, { cause: error });
  }
}

/** The place of a mistake, without the text there: it may be a signed URL. */
function whereIn(error: SyntaxError): string {
  const [place] = /position \d+( \(line \d+ column \d+\))?/.exec(errorMessage(error)) ?? [];
  return place === undefined ? "" : `: ${place}`;
}
