/** A second name of a dataset; both are `vendor/dataset/version`. */
export interface Alias {
  readonly alias: string;
  readonly dataset: string;
}

/** A directory below the prefix. */
export interface Found {
  /** From the prefix. */
  readonly path: string;
  /** The real path; only of a directory that is reached through a link. */
  readonly real?: string;
}

/**
 * Leaves out directories that are reached through a link and have another name in the lake: their
 * own one, where they lie below the prefix like any dataset, else the first of those that lead
 * there. `prefix` is the real one.
 */
export function withoutAliases(
  versions: readonly Found[],
  prefix: string,
): { readonly found: readonly Found[]; readonly aliases: readonly Alias[] } {
  const owners = new Map<string, string>();
  for (const { path, real } of versions)
    if (real === undefined) owners.set(`${prefix}/${path}`, path);
  const found: Found[] = [];
  const aliases: Alias[] = [];
  for (const version of versions.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { path, real } = version;
    const owner = real === undefined ? path : (owners.get(real) ?? path);
    if (real !== undefined) owners.set(real, owner);
    if (owner === path) found.push(version);
    else aliases.push({ alias: path, dataset: owner });
  }
  return { found, aliases };
}
