import { affinityOf, fallbackField } from "./affinity.ts";
import { isCollation } from "./compare.ts";
import type { Database } from "./database.ts";
import type { IndexedColumn } from "./indexed-columns.ts";
import { type Field, integerField } from "./record.ts";
import type { DeclaredTable, Key } from "./table-sql.ts";
import { folded } from "./tokens.ts";

/** A value that an index has of each row, and how it is compared. */
export interface IndexValue {
  /** Undefined where it cannot be told from the row. */
  of(row: Row): Field | undefined;
  readonly collation: string;
  readonly isDescending: boolean;
}

/** A row of a table: its record's fields, and its id where it has one. */
export interface Row {
  readonly rowid: bigint | undefined;
  readonly fields: readonly Field[];
}

/** The places of a table's values in its records. */
export interface Layout {
  readonly hasRowids: boolean;
  /** Indexes that SQLite makes by itself, in the order of their numbers; undefined where one cannot be made. */
  readonly automatic: readonly (readonly IndexValue[] | undefined)[];
  /** By which a table without row ids is sorted; undefined where SQLite alone cannot tell. */
  readonly order: readonly IndexValue[] | undefined;
  /** The values of a column for each row; undefined for one that is computed. */
  readonly values: readonly (((row: Row) => Field | undefined) | undefined)[];
  /** The values that an index of these columns holds; undefined where it cannot be made from the rows. */
  index(columns: readonly IndexedColumn[]): readonly IndexValue[] | undefined;
}

interface KeyColumn {
  readonly column: number;
  readonly collation: string;
  readonly isDescending: boolean;
}

/** Lays out a table that its SQL declares. */
export function layoutOf(
  table: DeclaredTable,
  db: Pick<Database, "encoding" | "schemaFormat">,
): Layout {
  const { columns, keys, hasRowids } = table;
  const numbers = new Map(columns.map(({ name }, i) => [folded(name), i]));
  // One by which a row id would be named has no index; without row ids, it comes after all others.
  const indexed = keys.filter(({ isPrimary }) => !isPrimary || table.rowid === undefined);
  if (!hasRowids && table.rowid !== undefined) indexed.push(...keys.filter(isPrimaryKey));
  const made = madeKeys();
  const primaryColumns = primaryKey();
  const values = valuesOf();
  return {
    hasRowids,
    automatic: made.map((key) => indexOf(key, false)),
    order: hasRowids ? undefined : indexValues(primaryColumns),
    values,
    index: (wanted) => indexOf(keyColumns(wanted), true),
  };

  /** The columns of a key; undefined where one is none of the table's. */
  function keyColumns(wanted: readonly IndexedColumn[]): readonly KeyColumn[] | undefined {
    const found: KeyColumn[] = [];
    for (const { name, collation, isDescending } of wanted) {
      const column = numbers.get(name);
      if (column === undefined) return undefined;
      const own = columns[column]?.collation as string;
      // Descending indexes came with format 4 of the schema.
      const isTurned = isDescending && db.schemaFormat >= 4;
      found.push({ column, collation: collation ?? own, isDescending: isTurned });
    }
    return found;
  }

  /** Columns of the constraints that have an index of their own: of those that are the same, the first one. */
  function madeKeys(): readonly (readonly KeyColumn[] | undefined)[] {
    const found = indexed.map((key) => keyColumns(key.columns));
    return distinct(found, (key) => key?.map(spelled).join() ?? "");
  }

  /** The key of a table without row ids: that of its index, which may be one with other directions. */
  function primaryKey(): readonly KeyColumn[] | undefined {
    if (hasRowids) return [];
    const primary = keyColumns(keys.find(isPrimaryKey)?.columns ?? [])
      ?.map(spelled)
      .join();
    const found = made.find((key) => key?.map(spelled).join() === primary);
    return found && distinct(found, spelled);
  }

  /** The values of an index: those of its columns, and those by which it leads to its row. */
  function indexOf(
    wanted: readonly KeyColumn[] | undefined,
    isExplicit: boolean,
  ): readonly IndexValue[] | undefined {
    const own = indexValues(wanted);
    if (own === undefined || wanted === undefined) return undefined;
    if (hasRowids) return [...own, { of: rowidOf, collation: "binary", isDescending: false }];
    const had = new Set(wanted.map(spelled));
    const others = primaryColumns?.filter((one) => !had.has(spelled(one)));
    // Of an index that SQLite makes by itself, they rise (ticket bba7b69f9849b5bf).
    const rest = indexValues(
      others?.map(({ column, collation, isDescending }) => ({
        column,
        collation,
        isDescending: isExplicit && isDescending,
      })),
    );
    return rest && [...own, ...rest];
  }

  function indexValues(
    wanted: readonly KeyColumn[] | undefined,
  ): readonly IndexValue[] | undefined {
    const found: IndexValue[] = [];
    for (const { column, collation, isDescending } of wanted ?? []) {
      const of = values[column];
      if (of === undefined || !isCollation(collation)) return undefined;
      found.push({ of, collation, isDescending });
    }
    return wanted && found;
  }

  function valuesOf(): readonly (((row: Row) => Field | undefined) | undefined)[] {
    const places = placesOf(
      columns.map(({ isVirtual }) => isVirtual),
      primaryColumns ?? [],
    );
    return columns.map(({ type, fallback, isVirtual }, i) => {
      if (isVirtual) return undefined;
      if (hasRowids && i === table.rowid) return rowidOf;
      const affinity = affinityOf(type);
      const place = places.get(i) as number;
      return ({ fields }) => fields[place] ?? fallbackField(fallback, affinity, db);
    });
  }

  function rowidOf({ rowid }: Row): Field | undefined {
    return rowid === undefined ? undefined : integerField(rowid, db.schemaFormat);
  }
}

/** Places of columns in records: those of the key of a table without row ids come first. */
function placesOf(
  isVirtual: readonly boolean[],
  primary: readonly KeyColumn[],
): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  for (const [place, { column }] of primary.entries()) {
    if (!places.has(column)) places.set(column, place);
  }
  let next = primary.length;
  for (const [column, isComputed] of isVirtual.entries()) {
    if (!isComputed && !places.has(column)) places.set(column, next++);
  }
  return places;
}

function isPrimaryKey({ isPrimary }: Key): boolean {
  return isPrimary;
}

/** A column of a key, whatever its direction: SQLite takes those for the same. */
function spelled({ column, collation }: KeyColumn): string {
  return `${column} ${collation}`;
}

/** The first ones of those that have the same name. */
function distinct<T>(list: readonly T[], nameOf: (one: T) => string): readonly T[] {
  const first = new Map<string, T>();
  for (const one of list) if (!first.has(nameOf(one))) first.set(nameOf(one), one);
  return [...first.values()];
}
