import { joinTypes } from "../../decode/column-type.ts";
import { kindsIn, misfits } from "./counts.ts";
import { KINDS, typeOfKinds } from "./kinds.ts";
import { type Shape, shapeHash } from "./shape.ts";

/** A shape that others are compared with. */
export interface KnownShape extends Pick<
  Shape,
  "format" | "dialect" | "header" | "names" | "isUnordered" | "always" | "columnCount"
> {
  /** A type for each name. */
  readonly types: readonly string[];
}

/** A shape that files of a series have had, with the widest types so far. Plain JSON. */
export interface Version extends KnownShape {
  /** The number of the shape when it was first seen. */
  readonly shape: string;
  /** Times at which its first and its last file were sampled, ms since epoch. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** The file that had it first, and the number of files so far. */
  readonly firstRaw: string;
  readonly files: number;
}

/** The file that a shape was seen in. */
export interface Seen {
  readonly raw: string;
  /** ms since epoch. */
  readonly at: number;
}

/** The types of a shape's columns. */
export function typesOf(shape: Shape): readonly string[] {
  return shape.types ?? shape.names.map((_, i) => typeOf(shape, i));
}

/** The type of a column: that of the schema, or the narrowest that all values have. */
export function typeOf(shape: Shape, column: number): string {
  return shape.types?.[column] ?? typeOfKinds(kindsIn(shape, column), wideOf(shape));
}

/** The type that holds everything. */
export function wideOf({ isUnordered }: Pick<Shape, "isUnordered">): "mixed" | "text" {
  return isUnordered === true ? "mixed" : "text";
}

/** A new version: the shape as it was seen, with these names and types. */
export function versionOf(
  shape: Shape,
  { names, types }: Pick<Version, "names" | "types">,
  { raw, at }: Seen,
): Version {
  const { format, dialect, header, isUnordered, always, columnCount } = shape;
  const text = JSON.stringify([format, dialect, header, names, types]);
  return {
    shape: shapeHash(text),
    format,
    dialect,
    ...(header === undefined ? {} : { header }),
    names,
    types,
    ...(isUnordered === undefined ? {} : { isUnordered }),
    ...(always === undefined ? {} : { always }),
    columnCount,
    firstAt: at,
    lastAt: at,
    firstRaw: raw,
    files: 1,
  };
}

/**
 * A version after one more file that has it: its types are as wide as the values need, and a key that
 * some record lacks is none that every record has.
 */
export function widened(version: Version, shape: Shape, { at }: Seen): Version {
  const seen = { lastAt: at, files: version.files + 1 };
  if (shape.types !== undefined || version.header !== shape.header) return { ...version, ...seen };
  const types = [...version.types];
  const always = version.always && [...version.always];
  const places = placesIn(version);
  for (const [i, name] of shape.names.entries()) {
    const place = places.get(name);
    if (place === undefined) continue;
    types[place] = joined(version, place, shape, i);
    if (always !== undefined && shape.always?.[i] !== true) always[place] = false;
  }
  return { ...version, types, ...(always === undefined ? {} : { always }), ...seen };
}

/** The place of each name. */
export function placesIn({ names }: Pick<Version, "names">): ReadonlyMap<string, number> {
  return new Map(names.map((name, i) => [name, i]));
}

/** The type of a version's column that also holds the values of a shape's. */
export function joined(version: Version, place: number, shape: Shape, column: number): string {
  const known = version.types[place] as string;
  if (known !== "empty" && misfits(shape, column, known).misfits === 0) return known;
  const kinds = kindsIn(shape, column).map((kind) => KINDS[kind]);
  const type = joinTypes(known === "empty" ? kinds : [known, ...kinds]);
  return type === "mixed" ? wideOf(shape) : type;
}
