const kinds: readonly (readonly [type: string, pattern: RegExp])[] = [
  ["integer", /^-?(0|[1-9]\d*)$/],
  ["number", /^-?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i],
  ["boolean", /^(true|false)$/i],
  ["date", /^\d{4}-\d\d-\d\d$/],
  ["timestamp", /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?$/],
];

/** The narrowest type that all texts of a column have; `empty` where there are none. */
export function typeOfTexts(cells: Iterable<string | null>): string {
  return narrowest(cells, (cell) => kinds.find(([, pattern]) => pattern.test(cell))?.[0], "text");
}

/** The type of the text cells of a column of JSON: `text`, or dates or timestamps where all are. */
export function typeOfStrings(cells: Iterable<string | null>): string {
  const type = typeOfTexts(cells);
  return type === "date" || type === "timestamp" ? type : "text";
}

/** The type of a column whose values have these types; `mixed` where they do not go together. */
export function joinTypes(types: Iterable<string | undefined>): string {
  return narrowest(types, (type) => type, "mixed");
}

function narrowest<T>(
  items: Iterable<T | null | undefined>,
  typeOf: (item: T) => string | undefined,
  otherwise: string,
): string {
  let found: string | undefined;
  for (const item of items) {
    if (item === null || item === undefined || item === "") continue;
    const type = typeOf(item);
    found = found === undefined || found === type ? type : widened(found, type);
    if (found === undefined) return otherwise;
  }
  return found ?? "empty";
}

/** The type that holds both, or undefined. */
function widened(a: string, b: string | undefined): string | undefined {
  const both = [a, b].toSorted().join(" ");
  return { "integer number": "number", "date timestamp": "timestamp" }[both];
}
