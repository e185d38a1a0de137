/** A URL of which nobody should see the query ends so. */
const HIDDEN = "?…";

/** True for a bronze path that is no path, but a URL of an object elsewhere. */
export function isUrl(text: string): boolean {
  return /^(https?|s3):\/\//i.test(text);
}

/** The text of a URL for people: its query, user and password can be secrets. */
export function redactedText(text: string): string {
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
  return at < 0 || !isUrl(bronze) ? undefined : bronze.slice(at + HIDDEN.length + 1);
}

/** True for a URL that was taken from where it was shown: its query is missing. */
export function isHidden(bronze: string): boolean {
  return bronze.endsWith(HIDDEN) && isUrl(bronze);
}

/** The reason why a URL cannot be the beginning of others; undefined where it can. */
export function whyNoPrefix(text: string): string | undefined {
  if (!URL.canParse(text)) return "is no URL";
  const { hostname, pathname } = new URL(text);
  if (hostname === "") return "names no host";
  if (redactedText(text) !== text) return "has a user, a query or a fragment";
  if (!pathname.endsWith("/")) return "does not end with /";
  return hasSteps(text) ? "leads upwards" : undefined;
}

/**
 * The URL that a text is, where it lies below one of others, which end with a slash; else the reason
 * why it does not.
 */
export function urlBelow(text: string, prefixes: readonly URL[]): URL | string {
  if (!URL.canParse(text)) return "is no URL";
  const url = new URL(text);
  if (url.username !== "" || url.password !== "") return "names a user";
  if (hasSteps(url.pathname)) return "leads upwards";
  return prefixes.some((prefix) => isBelow(url, prefix))
    ? url
    : "outside the prefix and allowedRoots";
}

function isBelow(url: URL, prefix: URL): boolean {
  const isSame = url.protocol === prefix.protocol && url.host === prefix.host;
  const { pathname } = prefix;
  return isSame && url.pathname.startsWith(pathname) && url.pathname.length > pathname.length;
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
