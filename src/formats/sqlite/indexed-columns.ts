import { type Cursor, cursorOf } from "./cursor.ts";
import { folded } from "./tokens.ts";

/** A column in the list of an index or key. */
export interface IndexedColumn {
  /** Folded. */
  readonly name: string;
  /** Folded; undefined for that of the column. */
  readonly collation: string | undefined;
  readonly isDescending: boolean;
}

/**
 * The columns of a list in brackets; undefined where one is an expression.
 * @throws Failure FORMAT_INVALID
 */
export function indexedColumns(cursor: Cursor): readonly IndexedColumn[] | undefined {
  const list = cursorOf(cursor.group());
  const columns: IndexedColumn[] = [];
  do {
    if (!/^(word|name|text)$/.test(list.peek()?.kind ?? "")) return undefined;
    const name = folded(list.name());
    const collation = list.take("collate") ? folded(list.name()) : undefined;
    columns.push({ name, collation, isDescending: direction(list) });
  } while (list.take(","));
  // Of a primary key, it stands within the brackets.
  list.take("autoincrement");
  return list.peek() === undefined ? columns : undefined;
}

/** Takes a direction, if there is one; true where it is descending. */
export function direction(cursor: Cursor): boolean {
  return !cursor.take("asc") && cursor.take("desc");
}
