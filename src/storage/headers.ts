import type { IncomingHttpHeaders } from "node:http";
import type { Digests } from "./types.ts";

/** A Content-Range. Both ends belong to it. */
export interface ContentRange {
  readonly start: number;
  readonly end: number;
  /** Size of the whole object; undefined where it is not known. */
  readonly size: number | undefined;
}

/** Reads `bytes 5-9/10` (RFC 9110, 14.4). */
export function contentRange(text = ""): ContentRange | undefined {
  const found = /^bytes (\d+)-(\d+)\/(\d+|\*)$/i.exec(text.trim());
  if (found === null) return undefined;
  const [start, end, size] = [Number(found[1]), Number(found[2]), Number(found[3])];
  if (end < start || end >= (Number.isNaN(size) ? Infinity : size)) return undefined;
  return { start, end, size: Number.isNaN(size) ? undefined : size };
}

/** Reads the size in the `bytes *`/10 of a range that lies outside. */
export function sizeOutside(text = ""): number | undefined {
  const found = /^bytes \*\/(\d+)$/i.exec(text.trim());
  return found === null ? undefined : Number(found[1]);
}

/** The time that `Retry-After` names, seconds or a date, in ms from `now` (ms since epoch). */
export function retryAfterMs(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** A date is a validator only when it is older than the answer by this much (RFC 9110, 8.8.2.2), ms. */
const OLDER_MS = 1000;

/**
 * The version of an object, as text that no other version has: a strong ETag, else a date that
 * cannot have been given to two versions. Either can stand in `If-Range`.
 */
export function versionIn({
  etag,
  date,
  "last-modified": modified,
}: IncomingHttpHeaders): string | undefined {
  if (etag !== undefined && /^"[^"]*"$/.test(etag)) return etag;
  if (modified === undefined || date === undefined) return undefined;
  return Date.parse(date) - Date.parse(modified) >= OLDER_MS ? modified : undefined;
}

/** Hashes of the whole object: `Repr-Digest` (RFC 9530), S3's checksum, Google's hash, `Content-MD5`. */
export function digestsIn(headers: IncomingHttpHeaders, isWhole: boolean): Digests {
  const { "repr-digest": digest, "x-amz-checksum-sha256": amazon, "x-goog-hash": google } = headers;
  const [, repr] = /(?:^|[\s,])sha-256=:([\w+/=]+):/i.exec(String(digest ?? "")) ?? [];
  // `hash-3` is one of three parts, and says nothing of the whole.
  const s3 = /-\d+$/.test(String(amazon ?? "")) ? undefined : amazon;
  const sha256 = hex(repr ?? s3, 32);
  const [, goog] = /(?:^|[\s,])md5=([\w+/=]+)/i.exec(String(google ?? "")) ?? [];
  // Of the bytes of this answer.
  const md5 = hex(goog ?? (isWhole ? headers["content-md5"] : undefined), 16);
  return { ...(sha256 === undefined ? {} : { sha256 }), ...(md5 === undefined ? {} : { md5 }) };
}

function hex(base64: string | string[] | undefined, bytes: number): string | undefined {
  if (typeof base64 !== "string") return undefined;
  const found = Buffer.from(base64, "base64");
  return found.length === bytes ? found.toString("hex") : undefined;
}
