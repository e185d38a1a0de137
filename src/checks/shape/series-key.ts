/** A pattern that joins raws into a series: `key` is its group of that name, else all that it matches. */
export interface SeriesRule {
  readonly match: string;
}

const uuid = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi;
const hexRun = /(?<![\da-z])(?=[a-f]*\d)(?=\d*[a-f])[\da-f]{8,}(?![\da-z])/gi;
const month =
  /(?<=\d[-_ .]?)(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(t(ember)?)?|oct(ober)?|nov(ember)?|dec(ember)?)(?![a-z])|(?<![a-z])(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sep(t(ember)?)?|oct(ober)?|nov(ember)?|dec(ember)?)(?=[-_ .]?\d)/gi;
const digits = /\d+/g;
const joined = /#(?:[-_ .:TZ]*#)+Z?/g;

/**
 * The key of the series that a raw belongs to: files that one producer writes one after the other.
 * Identifiers become `{id}`, dates and numbers `#`, in directories as well.
 */
export function seriesKey(raw: string, rules: readonly SeriesRule[]): string {
  for (const { match } of rules) {
    const found = new RegExp(match, "u").exec(raw);
    if (found !== null) return found.groups?.["key"] ?? found[0];
  }
  return raw
    .replace(uuid, "{id}")
    .replace(hexRun, "{id}")
    .replace(month, "#")
    .replace(digits, "#")
    .replace(joined, "#");
}
