/** A URL of which nobody should see the query ends so. */
const HIDDEN = "?…";

/** True for a bronze path that is no path, but a URL of an object elsewhere. */
export function isUrl(text: string): boolean {
  return /^(https?|s3|drs):\/\//i.test(text);
}

/**
 * The text of a URL for people: its query, user and password can be secrets. What follows an `s3:` bucket
 * is a key, character by character.
 */
export function redactedText(text: string): string {
  if (isObject(text)) return text.replace(/^(s3:\/\/)[^/]*@/i, "$1…@");
  return text.replace(/\/\/[^/?#]*@/, "//").replace(/[?#].*/s, HIDDEN);
}

/** A bronze path as it may be shown; it is one that was shown already, too. */
export function shownBronze(bronze: string): string {
  return isUrl(bronze) ? redactedText(bronze) : bronze;
}

/** A URL, with what is not to be seen of it sealed at its end. */
export function withSeal(url: string, seal: string): string {
  return `${redactedText(url).replace(HIDDEN, "")}${HIDDEN}#${seal}`;
}

/** The seal of such a URL; undefined for any other. */
export function sealIn(bronze: string): string | undefined {
  const at = bronze.indexOf(`${HIDDEN}#`);
  const isSealed = at >= 0 && isUrl(bronze) && !isObject(bronze);
  return isSealed ? bronze.slice(at + HIDDEN.length + 1) : undefined;
}

/** True for a URL that was taken from where it was shown: its query is missing. */
export function isHidden(bronze: string): boolean {
  return bronze.endsWith(HIDDEN) && isUrl(bronze) && !isObject(bronze);
}

/** The reason why a URL cannot be the beginning of others; undefined where it can. */
export function whyNoPrefix(text: string): string | undefined {
  const place = placeOf(text);
  if (place === undefined) return "is no URL";
  if (place.host === "") return "names no host";
  if (redactedText(text) !== text) return "has a user, a query or a fragment";
  if (!place.path.endsWith("/")) return "does not end with /";
  return hasSteps(text) ? "leads upwards" : undefined;
}

/** The reason why a URL is not to be read: it lies below none of those; undefined where it may. */
export function whyNotBelow(text: string, prefixes: readonly string[]): string | undefined {
  const place = placeOf(text);
  if (place === undefined) return "is no URL";
  if (place.hasUser) return "names a user";
  if (hasSteps(place.path)) return "leads upwards";
  const places = prefixes.map(placeOf).filter((prefix) => prefix !== undefined);
  const isFine = places.some((prefix) => isBelow(place, prefix));
  return isFine ? undefined : "outside the prefix and allowedRoots";
}

/** The host, or bucket, of a URL and the path there. */
interface Place {
  readonly protocol: string;
  readonly host: string;
  readonly path: string;
  readonly hasUser: boolean;
}

function placeOf(text: string): Place | undefined {
  if (isObject(text)) {
    const [, host = "", path = ""] = /^s3:\/\/([^/]*)(.*)$/is.exec(text) ?? [];
    return { protocol: "s3:", host, path, hasUser: false };
  }
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, pathname: path, username, password } = new URL(text);
  return { protocol, host, path, hasUser: username + password !== "" };
}

function isBelow(place: Place, prefix: Place): boolean {
  const isSame = place.protocol === prefix.protocol && place.host === prefix.host;
  const isDeeper = place.path.length > prefix.path.length;
  return isSame && isDeeper && place.path.startsWith(prefix.path);
}

/** True for the URL of an object in a bucket: it has no secret that would be needed. */
export function isObject(text: string): boolean {
  return /^s3:/i.test(text);
}

/** Plain steps are gone from a URL; those that are escaped, however often, a server may follow. */
function hasSteps(path: string): boolean {
  let plain = path;
  for (let before = ""; plain !== before;) {
    before = plain;
    plain = plain.replaceAll(/%(25|2e|2f|5c)/gi, (escaped) => decodeURIComponent(escaped));
  }
  return plain.split(/[/\\]/).includes("..");
}
