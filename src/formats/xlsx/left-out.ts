/** Kinds of parts, by words in their names. */
const kinds: readonly (readonly [kind: string, name: RegExp])[] = [
  ["charts", /charts?(?:heets|ex)?\//],
  ["images and other media", /media\/|embeddings\//],
  ["drawings", /drawings?\//],
  ["tables", /\btables\//],
  ["pivot tables", /pivot/],
  ["comments", /comments/],
  ["macros", /vbaproject/],
  ["connections", /connections|querytables/],
  ["signatures", /_xmlsignatures/],
];

/**
 * Warnings of what a sample does not have, besides rows: parts, by their names, and what follows the
 * rows of a sheet that is cut.
 */
export function leftOut(parts: readonly string[], isCut: boolean): string[] {
  const found = kinds.filter(([, name]) => parts.some((part) => name.test(part)));
  const warnings: string[] = [];
  if (found.length > 0) warnings.push(`left out: ${found.map(([kind]) => kind).join(", ")}`);
  if (isCut) {
    const after = "merged cells, hyperlinks, conditional formats, tables";
    warnings.push(`what follows the rows of a sheet that is cut is left out: ${after}`);
  }
  return warnings;
}
