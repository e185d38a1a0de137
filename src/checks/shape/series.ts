import { type Change, compare } from "./compare.ts";
import type { Shape } from "./shape.ts";
import {
  joined,
  placesIn,
  type Seen,
  typesOf,
  type Version,
  versionOf,
  widened,
} from "./version.ts";

/** Sizes that are remembered. */
const SIZES = 10;

/** Everything that is known of files that follow one another. Plain JSON. */
export interface Series {
  /** The shapes that were seen, the last seen first. */
  readonly versions: readonly Version[];
  /** Bytes of the last files, the newest first. */
  readonly sizes: readonly number[];
  /** True when the last file was too small, so that the next one is not told again. */
  readonly isSmall: boolean;
}

/** Settings of a comparison. */
export interface SeriesLimits {
  /** Versions that are remembered. */
  readonly history: number;
  /** A file below this part of the smallest of the last ones is too small, once `after` are known. */
  readonly size: { readonly below: number; readonly after: number };
}

/** A file to compare with those before it. */
export interface SeenFile extends Seen {
  readonly shape: Shape;
  /** Bytes of the whole file; null where that is not known. */
  readonly size: number | null;
  /** Records in its sample. */
  readonly rows: number | undefined;
}

/** The result of a comparison. */
export interface Judged {
  readonly series: Series;
  /** The version that the file has; absent for a file without bytes. */
  readonly version?: Version;
  /** The version that it was compared with, where it is another one. */
  readonly before?: Version;
  /** True where the series did not have the version. */
  readonly isNew: boolean;
  readonly changes: readonly Change[];
}

const EMPTY: Change = { change: "size", what: "bytes", is: 0 };
const NOTHING: Series = { versions: [], sizes: [], isSmall: false };

/** Compares a file with its series and adds it. The first file of a series is no change. */
export function judge(series: Series = NOTHING, file: SeenFile, limits: SeriesLimits): Judged {
  const { shape } = file;
  if (shape.format === "empty") {
    const changes = series.versions.length > 0 && !series.isSmall ? [EMPTY] : [];
    return { series: { ...series, isSmall: true }, isNew: false, changes };
  }
  const size = sizeChange(series, file, limits);
  const sizes = file.size === null ? series.sizes : [file.size, ...series.sizes].slice(0, SIZES);
  const rest = { sizes, isSmall: size !== undefined };
  const told = size === undefined || series.isSmall || series.versions.length === 0 ? [] : [size];
  const same = series.versions.find((version) => compare(version, shape).length === 0);
  if (same !== undefined) {
    const version = widened(same, shape, file);
    const others = series.versions.filter((each) => each !== same);
    return {
      series: { versions: [version, ...others], ...rest },
      version,
      isNew: false,
      changes: told,
    };
  }
  const known = series.versions.map((version) => ({ version, changes: compare(version, shape) }));
  const nearest = known.toSorted((a, b) => a.changes.length - b.changes.length)[0];
  const version = nextVersion(nearest?.version, nearest?.changes ?? [], file);
  const versions = [version, ...series.versions].slice(0, limits.history);
  return {
    series: { versions, ...rest },
    version,
    ...(nearest === undefined ? {} : { before: nearest.version }),
    isNew: true,
    changes: [...(nearest?.changes ?? []), ...told],
  };
}

/**
 * The version of a file that no version fits: names and types of the nearest one stay where they
 * did not change.
 */
function nextVersion(
  before: Version | undefined,
  changes: readonly Change[],
  file: SeenFile,
): Version {
  const { shape } = file;
  const types = typesOf(shape);
  if (before === undefined || before.format !== shape.format)
    return versionOf(shape, { names: shape.names, types }, file);
  // The first record is one of values: they are nobody's names.
  if (
    shape.columnCount === before.columnCount &&
    changes.some(({ what, is }) => what === "header" && is === "none")
  )
    return versionOf(
      { ...shape, header: "none" },
      { names: before.names, types: before.types },
      file,
    );
  const places = placesIn(before);
  const others = new Set(
    changes.filter(({ change }) => change === "type").map(({ column }) => column),
  );
  const own = shape.names.map((name, i) => {
    const place = places.get(name);
    const isKept = place !== undefined && shape.types === undefined && !others.has(name);
    return isKept ? joined(before, place, shape, i) : (types[i] as string);
  });
  return shape.isUnordered === true
    ? withKnownKeys(before, own, file)
    : versionOf(shape, { names: shape.names, types: own }, file);
}

/** The version of a file with its own keys, and the keys of an earlier one that it does not have. */
function withKnownKeys(before: Version, own: readonly string[], file: SeenFile): Version {
  const { shape } = file;
  const here = new Set(shape.names);
  const more = before.names.flatMap((name, i) => (here.has(name) ? [] : [i]));
  return versionOf(
    { ...shape, always: [...(shape.always ?? []), ...more.map(() => false)] },
    {
      names: [...shape.names, ...more.map((i) => before.names[i] as string)],
      types: [...own, ...more.map((i) => before.types[i] as string)],
    },
    file,
  );
}

/** A file without records, or much smaller than those before it. */
function sizeChange(
  { sizes }: Series,
  { size, rows }: SeenFile,
  { size: { below, after } }: SeriesLimits,
): Change | undefined {
  if (rows === 0) return { change: "size", what: "rows", is: 0 };
  if (size === null || sizes.length < after) return undefined;
  const was = Math.min(...sizes);
  return size < was * below ? { change: "size", what: "bytes", was, is: size } : undefined;
}
