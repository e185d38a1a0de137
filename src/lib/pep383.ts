import { isUtf8 } from "node:buffer";
import { TextDecoder } from "node:util";

/** Python's surrogate escapes (PEP 383): byte 0x80–0xff of a name that is not UTF-8. */
const FIRST_ESCAPE = 0xdc80;
const LAST_ESCAPE = 0xdcff;
const ESCAPE_BASE = 0xdc00;

/**
 * The form in which the file system and the cache take a path: the string itself, or the bytes it
 * stands for where it carries surrogate escapes.
 */
export function pathBytes(path: string): string | Buffer {
  if (path.isWellFormed()) return path;
  const parts: Buffer[] = [];
  for (const character of path) {
    const code = character.codePointAt(0) as number;
    const escaped = code >= FIRST_ESCAPE && code <= LAST_ESCAPE;
    parts.push(escaped ? Buffer.from([code - ESCAPE_BASE]) : Buffer.from(character));
  }
  return Buffer.concat(parts);
}

/** True when a path names something: no NUL, and no surrogate that stands for no byte. */
export function isPath(path: string): boolean {
  if (path.includes("\0")) return false;
  return path.isWellFormed() || path.replace(/[\udc80-\udcff]/gu, "").isWellFormed();
}

/** The string for a path from the file system or the cache; undoes `pathBytes`. */
export function pathText(path: string | Uint8Array): string {
  if (typeof path === "string") return path;
  if (isUtf8(path)) return Buffer.from(path.buffer, path.byteOffset, path.length).toString();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let at = 0; at < path.length;) {
    const length = sequenceLength(path, at, decoder);
    if (length === 0) text += String.fromCharCode(ESCAPE_BASE + (path[at] as number));
    else text += decoder.decode(path.subarray(at, at + length));
    at += Math.max(length, 1);
  }
  return text;
}

/** Bytes of the UTF-8 sequence that starts here, 0 where there is none. */
function sequenceLength(bytes: Uint8Array, at: number, decoder: TextDecoder): number {
  const first = bytes[at] as number;
  const length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  try {
    decoder.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}
