import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "../errors.ts";

/** Turns what a person names into a URL; a path starts at the working directory. @throws Failure USAGE */
export function locationOf(text: string): URL {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return pathToFileURL(resolve(text));
  if (!URL.canParse(text)) throw new Failure("USAGE", `not a location: ${redactedText(text)}`);
  return new URL(text);
}

/** A URL for people: its query, user and password can be secrets. */
export function redacted(url: URL): string {
  const { protocol, host, pathname, search } = url;
  return `${protocol}//${host}${pathname}${search === "" ? "" : "?…"}`;
}

function redactedText(text: string): string {
  return text.replace(/\/\/[^/@]*@/, "//").replace(/[?#].*/s, "?…");
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
