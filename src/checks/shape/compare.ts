import { misfits } from "./counts.ts";
import type { Shape } from "./shape.ts";
import { type KnownShape, placesIn, typeOf, typesOf } from "./version.ts";

/** The kinds of changes; `drift.report` has a word for each. */
export type ChangeKind =
  | "added"
  | "removed"
  | "renamed"
  | "reordered"
  | "type"
  | "dialect"
  | "size";

/** One difference between a file and those before it. There are no values in it. */
export interface Change {
  readonly change: ChangeKind;
  /** The column it is about. */
  readonly column?: string;
  /** The thing that changed, such as `delimiter` or `rows`, where it is no column. */
  readonly what?: string;
  readonly was?: string | number;
  readonly is?: string | number;
}

/** Values that a column needs before its type counts as another. */
const ENOUGH_VALUES = 20;

/** The differences between a shape and one that is known; none where it fits that one. */
export function compare(version: KnownShape, shape: Shape): Change[] {
  if (shape.format !== version.format) return [changed("format", version.format, shape.format)];
  const dialect = dialectChanges(version, shape);
  if (shape.dialect["records"] !== version.dialect["records"]) return dialect;
  const isShared = sharesNames(version, shape);
  // Fields that were split elsewhere are not the columns that there were.
  if (dialect.some(({ what }) => what === "delimiter") && !isShared) return dialect;
  if (isByPlace(version, shape, isShared)) return [...dialect, ...changesByPlace(version, shape)];
  if (hasSameNames(version, shape)) return [...dialect, ...typeChanges(version, shape, byPlace)];
  const columns =
    shape.isUnordered === true ? keyChanges(version, shape) : columnChanges(version, shape);
  const places = placesIn(version);
  const types = typeChanges(version, shape, (_, name) => places.get(name));
  return [...dialect, ...columns, ...types];
}

/**
 * True where columns can only be told by their places: the first record of one of both is none of
 * names. It is none, too, where it has as many fields as before, and not one of the names.
 */
function isByPlace(version: KnownShape, shape: Shape, isShared: boolean): boolean {
  if (shape.header === undefined) return false;
  if (version.header === "none") return !isShared;
  const isOther = shape.columnCount === version.columnCount && !isShared && shape.columnCount > 0;
  return shape.header === "none" || isOther;
}

function byPlace(i: number): number {
  return i;
}

function hasSameNames({ names }: KnownShape, shape: Shape): boolean {
  return (
    shape.columnCount === shape.names.length &&
    names.length === shape.names.length &&
    names.every((name, i) => name === shape.names[i])
  );
}

function changesByPlace(version: KnownShape, shape: Shape): Change[] {
  return [
    ...(version.header === "first" ? [changed("header", "first", "none")] : []),
    ...(shape.columnCount === version.columnCount ? [] : [columnsChanged(version, shape)]),
    ...typeChanges(version, shape, byPlace).map(withoutName),
  ];
}

/** A change of a column whose name is not one. */
function withoutName({ column: _name, ...change }: Change): Change {
  return change;
}

function dialectChanges(version: KnownShape, shape: Shape): Change[] {
  const names = new Set([...Object.keys(version.dialect), ...Object.keys(shape.dialect)]);
  return [...names]
    .filter((name) => !isSame(name, version.dialect[name], shape.dialect[name]))
    .map((name) => changed(name, version.dialect[name], shape.dialect[name]));
}

/** True where a part of the dialect is the same, as far as the file tells. */
function isSame(name: string, was: string | undefined, is: string | undefined): boolean {
  if (was === is) return true;
  // A file of one line has no line end.
  if (name === "lineEnd") return was === undefined || is === undefined;
  return name === "encoding" && (is === "ASCII" || (was === "ASCII" && is === "UTF-8"));
}

function changed(what: string, was: string | undefined, is: string | undefined): Change {
  return { change: "dialect", what, was: was ?? "none", is: is ?? "none" };
}

function sharesNames(version: KnownShape, shape: Shape): boolean {
  if (shape.header === "none") return false;
  if (shape.names[0] === version.names[0]) return true;
  const known = new Set(version.names);
  return shape.names.some((name) => known.has(name));
}

/** Keys that no file had, and keys that every record had. */
function keyChanges(version: KnownShape, shape: Shape): Change[] {
  const known = new Set(version.names);
  const here = new Set(shape.names);
  return [
    ...version.names
      .filter((name, i) => version.always?.[i] === true && !here.has(name))
      .map((column): Change => ({ change: "removed", column })),
    ...shape.names
      .filter((name) => !known.has(name))
      .map((column): Change => ({ change: "added", column })),
  ];
}

function columnChanges(version: KnownShape, shape: Shape): Change[] {
  const known = new Set(version.names);
  const here = new Set(shape.names);
  const removed = version.names.filter((name) => !here.has(name));
  const added = shape.names.filter((name) => !known.has(name));
  const renamed = renames(version, shape, removed);
  const old = new Set(renamed.map(({ column }) => column));
  const fresh = new Set(renamed.map(({ is }) => is));
  const kept = shape.names.filter((name) => known.has(name));
  const order = version.names.filter((name) => here.has(name));
  const counted = shape.columnCount !== version.columnCount && removed.length + added.length === 0;
  return [
    ...removed
      .filter((name) => !old.has(name))
      .map((column): Change => ({ change: "removed", column })),
    ...added
      .filter((name) => !fresh.has(name))
      .map((column): Change => ({ change: "added", column })),
    ...renamed,
    ...(kept.join("\n") === order.join("\n") ? [] : [moved(order, kept)]),
    ...(counted ? [columnsChanged(version, shape)] : []),
  ];
}

/** The first column that is not where it was. */
function moved(was: readonly string[], is: readonly string[]): Change {
  const column = is.find((name, i) => name !== was[i]) as string;
  return { change: "reordered", column };
}

function columnsChanged({ columnCount: was }: KnownShape, { columnCount: is }: Shape): Change {
  return { change: is > was ? "added" : "removed", what: "columns", was, is };
}

/**
 * Columns that perhaps have another name: the old one stood at the same place, between the same
 * neighbours, and had the same type.
 */
function renames(version: KnownShape, shape: Shape, removed: readonly string[]): Change[] {
  if (shape.names.length !== version.names.length) return [];
  const types = typesOf(shape);
  const known = new Set(version.names);
  return removed.flatMap((column): Change[] => {
    const i = version.names.indexOf(column);
    const name = shape.names[i] as string;
    const isSame =
      !known.has(name) &&
      shape.names[i - 1] === version.names[i - 1] &&
      shape.names[i + 1] === version.names[i + 1] &&
      (types[i] === version.types[i] || types[i] === "empty" || version.types[i] === "empty");
    return isSame ? [{ change: "renamed", column, was: column, is: name }] : [];
  });
}

/**
 * Columns with another type: by the schema, or because more than half of at least 20 values do not
 * fit the widest type so far.
 */
function typeChanges(
  version: KnownShape,
  shape: Shape,
  placeOf: (i: number, name: string) => number | undefined,
): Change[] {
  const changes: Change[] = [];
  for (const [i, column] of shape.names.entries()) {
    const was = version.types[placeOf(i, column) ?? -1];
    if (was === undefined) continue;
    const isOther = shape.types === undefined ? isMisfit(shape, i, was) : was !== shape.types[i];
    if (isOther) changes.push({ change: "type", column, was, is: typeOf(shape, i) });
  }
  return changes;
}

function isMisfit(shape: Shape, column: number, type: string): boolean {
  const { values, misfits: others } = misfits(shape, column, type);
  return values >= ENOUGH_VALUES && others * 2 > values;
}
