/** Controls of C0 and C1, line and paragraph separators, marks and overrides of direction, BOM. */
const unsafe =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** 12000 → `12,000`. */
export function countText(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 entry`, `2 entries`; `many` where the plural is not `one` with an s. */
export function counted(n: number, one: string, many = `${one}s`): string {
  return `${countText(n)} ${n === 1 ? one : many}`;
}

/** Rows of a sample: `100 of 20,000,000 rows` where it is known how many its file has. */
export function rowsText(rows: number, sourceRows: unknown): string {
  if (typeof sourceRows !== "number") return counted(rows, "row");
  return `${countText(rows)} of ${counted(sourceRows, "row")}`;
}

/** 1536 → `1.5 KiB`. */
export function bytesText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1024 && unit < units.length - 1; unit += 1) size /= 1024;
  return `${unit === 0 ? size : size.toFixed(1)} ${units[unit]}`;
}

/** A format as the sample's name tells it: among the formats, tab-separated values are `csv`. */
export function formatText(format: string, sample: string | null): string {
  const spelling = /\.(tsv|psv)(\.[a-z\d]+)?$/i.exec(sample ?? "")?.[1];
  return spelling === undefined ? format : format.replace(/^csv\b/, spelling.toLowerCase());
}

/**
 * The way the records of a sample were chosen, as its receipt tells it; undefined for one that was
 * to have the first ones.
 */
export function strategyText(strategy: unknown, parts: unknown, why: unknown): string | undefined {
  const reason = typeof why === "string" ? ` (${why})` : "";
  if (strategy === "reservoir") return "chosen at random";
  if (strategy === "head") return `the first ones${reason}`;
  if (strategy !== "spread") return undefined;
  return `spread over ${counted(Array.isArray(parts) ? parts.length : 0, "place")}${reason}`;
}

/** Text for the part of a file that was read, and for the requests that took, where it lies elsewhere. */
export function readText(
  readBytes: number,
  sourceSize: number | null,
  requests: number | null = null,
): string {
  const asked = requests === null ? "" : `, by ${counted(requests, "request")}`;
  return partText(readBytes, sourceSize) + asked;
}

/** Some formats read parts of a file more than once. */
function partText(readBytes: number, sourceSize: number | null): string {
  if (sourceSize === null) return `${bytesText(readBytes)} read`;
  if (readBytes <= sourceSize) return `${bytesText(readBytes)} of ${bytesText(sourceSize)} read`;
  return `${bytesText(sourceSize)}, parts of it read again: ${bytesText(readBytes)} in all`;
}

/** 93,000 ms → `1 min 33 s`. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/**
 * Text from a file or a manifest, made safe to show: control characters, and characters that change
 * the direction of text, become `·`; halves of characters become U+FFFD.
 */
export function printable(text: string): string {
  return text.replace(unsafe, "·").toWellFormed();
}

/** The same for text of several lines: line ends stay. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/**
 * A value as JSON. What `printable` would replace is escaped, so that a person may look at it and a
 * program reads the same value.
 */
export function jsonText(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  // Controls of C0 are escaped already; those outside of strings are our own line ends.
  return text.replace(unsafe, (character) =>
    character < " " ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
