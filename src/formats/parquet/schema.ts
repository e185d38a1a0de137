import { int, invalid, list, type Raw, struct, text } from "./thrift.ts";

/** Physical types (parquet.thrift, `Type`). */
export const BOOLEAN = 0;
export const INT32 = 1;
export const INT64 = 2;
const INT96 = 3;
const FLOAT = 4;
const DOUBLE = 5;
export const BYTE_ARRAY = 6;
export const FIXED_LEN_BYTE_ARRAY = 7;

const REQUIRED = 0;
const REPEATED = 2;

/** Levels of nesting at most: a level is held in a byte, and nothing real is nested as deeply. */
const MAX_DEPTH = 200;

const MAX_NAME_CHARS = 200;

/** A column of the schema that holds values. */
export interface Leaf {
  /** Names from the root, joined by dots, and cut where that is long; for messages. */
  readonly name: string;
  /** Physical type. */
  readonly type: number;
  /** Bytes of a value; undefined for those of any length. A boolean counts as one. */
  readonly width: number | undefined;
  /** The highest repetition and definition levels. */
  readonly maxRep: number;
  readonly maxDef: number;
  /**
   * Elements on the way to it, itself included, whose repetition the schema leaves out. They count as
   * required here; some readers count a definition level for each.
   */
  readonly untold: number;
}

const element = struct({
  type: [1, int],
  typeLength: [2, int],
  repetition: [3, int],
  name: [4, text],
  children: [5, int],
});

type Element = ReturnType<typeof element>;

/**
 * The leaf columns of a schema, in the order of their chunks in a row group.
 * @param schema FileMetaData.schema: a list of elements in depth-first order, the root first.
 * @throws Failure FORMAT_INVALID
 */
export function leavesOf(schema: Raw): readonly Leaf[] {
  const elements = list(element)({ bytes: schema.bytes, at: 0 }, schema.type);
  const leaves: Leaf[] = [];
  const root = { name: "", depth: 0, rep: 0, def: 0, untold: 0 };
  const end = collect(elements, 1, elements[0]?.children ?? 0, root, leaves);
  if (end !== Math.max(1, elements.length))
    throw invalid("its schema has elements without a parent");
  return leaves;
}

/** Adds the leaves below `count` elements from `at` on; returns where the next ones begin. */
function collect(
  elements: readonly Element[],
  at: number,
  count: number,
  above: Pick<Leaf, "name" | "untold"> & Readonly<Record<"depth" | "rep" | "def", number>>,
  leaves: Leaf[],
): number {
  if (above.depth > MAX_DEPTH) throw invalid(`its schema is nested over ${MAX_DEPTH} deep`);
  let next = at;
  for (let i = 0; i < count; i += 1) {
    const found = elements[next];
    if (found === undefined) throw invalid("its schema ends too early");
    next += 1;
    const repetition = found.repetition ?? REQUIRED;
    if (repetition < REQUIRED || repetition > REPEATED) throw invalid(`repetition ${repetition}`);
    const inside = {
      name: joinNames(above.name, found.name ?? ""),
      depth: above.depth + 1,
      rep: above.rep + (repetition === REPEATED ? 1 : 0),
      def: above.def + (repetition === REQUIRED ? 0 : 1),
      untold: above.untold + (found.repetition === undefined ? 1 : 0),
    };
    if ((found.children ?? 0) > 0 || found.type === undefined) {
      next = collect(elements, next, found.children ?? 0, inside, leaves);
    } else {
      const { name, rep: maxRep, def: maxDef, untold } = inside;
      const width = widthOf(found.type, found.typeLength);
      leaves.push({ name, type: found.type, width, maxRep, maxDef, untold });
    }
  }
  return next;
}

/**
 * Joins names by dots. The result is bounded, since each leaf has the names of everything that it
 * is in.
 */
function joinNames(above: string, name: string): string {
  return `${above === "" ? "" : `${above}.`}${name}`.slice(0, MAX_NAME_CHARS);
}

const widths: Readonly<Record<number, number>> = {
  [BOOLEAN]: 1,
  [INT32]: 4,
  [INT64]: 8,
  [INT96]: 12,
  [FLOAT]: 4,
  [DOUBLE]: 8,
};

function widthOf(type: number, typeLength: number | undefined): number | undefined {
  if (type === BYTE_ARRAY) return undefined;
  const width = type === FIXED_LEN_BYTE_ARRAY ? typeLength : widths[type];
  if (width === undefined || width < 1)
    throw invalid(`physical type ${type} of length ${typeLength}`);
  return width;
}
