import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Failure } from "../errors.ts";
import { redactedText } from "../lib/bronze-url.ts";

/**
 * Turns what a person names into a URL; a path starts at the working directory. What follows
 * `s3://bucket/` is the key, character by character, as S3's usual tools take it: `%20`, `?` and `#` are
 * part of it. @throws Failure USAGE
 */
export function locationOf(text: string): URL {
  if (/^s3:\/\//i.test(text)) return objectLocation(text);
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return pathToFileURL(resolve(text));
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol === "file:" && !isPath(url)))
    throw new Failure("USAGE", `not a location: ${redactedText(text)}`);
  return url;
}

/** False for a file of another host, and for a name with a slash in it. */
function isPath(url: URL): boolean {
  try {
    return fileURLToPath(url) !== "";
  } catch {
    return false;
  }
}

/** An object in a bucket. */
export interface BucketObject {
  readonly bucket: string;
  readonly key: string;
}

/** The object that an `s3:` URL names, as `locationOf` makes it. @throws Failure USAGE */
export function objectOf(url: URL): BucketObject {
  const key = decoded(url.pathname.slice(1));
  if (url.host === "" || key === undefined || key === "" || url.search + url.hash !== "")
    throw new Failure("USAGE", `${url.protocol}//${url.host}… names no object`);
  return { bucket: url.host, key };
}

/** A key with `.` or `..` between slashes has its slashes encoded: URLs would resolve it otherwise. */
function objectLocation(text: string): URL {
  const [, bucket = "", key = ""] = /^s3:\/\/([a-z\d][\w.-]*)\/(.+)$/is.exec(text) ?? [];
  if (key === "" || /^\.\.?$/.test(key) || !key.isWellFormed())
    throw new Failure("USAGE", `not an object, as s3://bucket/key is: ${redactedText(text)}`);
  const hasDots = key.split("/").some((part) => /^\.\.?$/.test(part));
  const path = encodeURIComponent(key);
  return new URL(`s3://${bucket}/${hasDots ? path : path.replaceAll("%2F", "/")}`);
}

/** The location of what lies below another one of this machine or in a bucket, as a person writes it. */
export function locationBelow(url: URL, path: string): string {
  if (url.protocol === "file:") return pathToFileURL(join(fileURLToPath(url), path)).href;
  const { bucket, key } = objectOf(url);
  return `s3://${bucket}/${key.replace(/\/+$/, "")}/${path}`;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** A URL for people: its query, user and password can be secrets. */
export function redacted(url: URL): string {
  if (url.protocol === "s3:") return `s3://${url.host}/${decoded(url.pathname.slice(1)) ?? "…"}`;
  const { protocol, host, pathname, search } = url;
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?…"}`;
}

/** The last part of a URL's path, its percents undone; empty where there is none. */
export function nameIn({ pathname }: URL): string {
  const name = basename(pathname);
  try {
    return basename(decodeURIComponent(name));
  } catch {
    // What is no UTF-8 keeps its percents.
    return name;
  }
}

/**
 * When a signed URL's time is over, ms since epoch; undefined for one that does not say. AWS and
 * Google: a date and seconds; Azure: `se`; CloudFront and the older AWS signature: `Expires`.
 */
export function expiresAt({ searchParams }: URL): number | undefined {
  const query = new Map([...searchParams].map(([name, value]) => [name.toLowerCase(), value]));
  for (const vendor of ["x-amz", "x-goog"]) {
    const begin = compactDate(query.get(`${vendor}-date`));
    const seconds = Number(query.get(`${vendor}-expires`));
    if (begin !== undefined && seconds > 0) return begin + seconds * 1000;
  }
  const azure = query.has("sig") ? Date.parse(query.get("se") ?? "") : Number.NaN;
  if (Number.isFinite(azure)) return azure;
  const epoch = Number(query.get("expires"));
  return query.has("signature") && epoch > 0 ? epoch * 1000 : undefined;
}

/** `20261129T183611Z` */
function compactDate(text = ""): number | undefined {
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
