/** A set of paths that grows on disk, not in memory; it is gone once it is closed. */
export interface PathSet extends Disposable {
  add(paths: readonly string[]): void;
  /** Those of some paths that are not in the set, in their order. */
  missingOf(paths: readonly string[]): readonly string[];
}
