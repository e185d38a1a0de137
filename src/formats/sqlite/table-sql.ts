import { type Cursor, cursorOf, isKeyword } from "./cursor.ts";
import { direction, type IndexedColumn, indexedColumns } from "./indexed-columns.ts";
import { invalid } from "./invalid.ts";
import { folded, type Token, tokensOf } from "./tokens.ts";

/** A column as a table's SQL declares it. */
export interface DeclaredColumn {
  readonly name: string;
  /** In lower case; empty where there is none. */
  readonly type: string;
  /** Folded. */
  readonly collation: string;
  /** True where each reading computes it: no record has it. */
  readonly isVirtual: boolean;
  /** Tokens of the value that records have which were written before the column was added. */
  readonly fallback: readonly Token[];
}

/** A constraint for which SQLite keeps an index, or by which a table without row ids is sorted. */
export interface Key {
  readonly isPrimary: boolean;
  readonly columns: readonly IndexedColumn[];
}

/** A table as its SQL declares it. */
export interface DeclaredTable {
  readonly columns: readonly DeclaredColumn[];
  /** In the order in which they stand. */
  readonly keys: readonly Key[];
  /** The number of the column that is the row id. */
  readonly rowid: number | undefined;
  readonly hasRowids: boolean;
}

type Open = { -readonly [Key in keyof DeclaredColumn]: DeclaredColumn[Key] };

/** Columns and keys of a table that is understood, at most; SQLite has no more columns. */
const MOST_COLUMNS = 32_767;
const MOST_KEYS = 10_000;
const BINARY = "binary";
/** Words that end a column's type. */
const AFTER_TYPE =
  /^(constraint|default|null|not|primary|unique|check|references|collate|as|generated|deferrable|on)$/;
const TABLE_CONSTRAINT = /^(constraint|primary|unique|check|foreign)$/;

/**
 * Reads the SQL of a table (sqlite.org/lang_createtable.html), as SQLite has it in its schema.
 * @throws Failure FORMAT_INVALID where it is none that is understood
 */
export function readTable(sql: string): DeclaredTable {
  const cursor = cursorOf(tokensOf(sql));
  cursor.expect("create");
  cursor.expect("table");
  cursor.name();
  const body = cursorOf(cursor.group());
  const columns: Open[] = [];
  const keys: Key[] = [];
  let rowid: number | undefined;
  do {
    if (TABLE_CONSTRAINT.test(wordOf(body.peek()))) {
      tableConstraints(body);
      break;
    }
    column(body);
  } while (body.take(","));
  if (body.peek() !== undefined) throw invalid("SQL of a table that is not understood");
  if (columns.length > MOST_COLUMNS) throw invalid(`a table of ${columns.length} columns`);
  return { columns, keys, rowid, hasRowids: !isWithoutRowids(cursor) };

  function column(at: Cursor): void {
    const name = at.name();
    const open: Open = {
      name,
      type: typeIn(at),
      collation: BINARY,
      isVirtual: false,
      fallback: [],
    };
    columns.push(open);
    while (at.peek() !== undefined && !isKeyword(at.peek(), ",")) columnConstraint(at, open);
  }

  function columnConstraint(at: Cursor, open: Open): void {
    const word = wordOf(at.next());
    if (word === "constraint" || word === "match" || word === "initially") at.name();
    else if (word === "default") open.fallback = fallbackIn(at);
    else if (word === "collate") open.collation = folded(at.name());
    else if (word === "check") at.group();
    else if (word === "as") {
      at.group();
      open.isVirtual = !at.take("stored");
      at.take("virtual");
    } else if (word === "references") {
      at.name();
      if (isKeyword(at.peek(), "(")) at.group();
    } else if (word === "on") action(at);
    else if (word === "primary") {
      at.expect("key");
      const isDescending = direction(at);
      const isInteger = open.type === "integer" && !isDescending;
      addKey({ isPrimary: true, columns: [keyOf(open, isDescending)] }, isInteger);
    } else if (word === "unique") {
      addKey({ isPrimary: false, columns: [keyOf(open, false)] }, false);
    } else if (!/^(not|null|deferrable|autoincrement|generated|always)$/.test(word)) {
      throw invalid("a constraint of a column that is not understood");
    }
  }

  function tableConstraints(at: Cursor): void {
    while (at.peek() !== undefined) {
      const word = wordOf(at.next());
      if (word === "constraint") at.name();
      else if (word === "check") at.group();
      else if (word === "foreign") {
        at.expect("key");
        at.group();
      } else if (word === "references") {
        at.name();
        if (isKeyword(at.peek(), "(")) at.group();
      } else if (word === "on") action(at);
      else if (word === "match" || word === "initially") at.name();
      else if (word === "primary" || word === "unique") {
        if (word === "primary") at.expect("key");
        tableKey(at, word === "primary");
      } else if (!/^(,|not|deferrable)$/.test(word)) {
        throw invalid("a constraint of a table that is not understood");
      }
    }
  }

  function tableKey(at: Cursor, isPrimary: boolean): void {
    const list = indexedColumns(at) ?? [];
    const [only, ...more] = list;
    if (only === undefined) throw invalid("a key of expressions");
    const found = columns.findIndex(({ name }) => folded(name) === only.name);
    const isInteger = isPrimary && more.length === 0 && columns[found]?.type === "integer";
    addKey({ isPrimary, columns: list }, isInteger, found);
  }

  function addKey(key: Key, isRowid: boolean, column = columns.length - 1): void {
    if (keys.length >= MOST_KEYS) throw invalid(`a table of more than ${MOST_KEYS} keys`);
    if (!isRowid) return void keys.push(key);
    rowid = column;
    // It has the collation of its column, whatever the key says.
    keys.push({ ...key, columns: key.columns.map((own) => ({ ...own, collation: undefined })) });
  }
}

function keyOf({ name }: DeclaredColumn, isDescending: boolean): IndexedColumn {
  return { name: folded(name), collation: undefined, isDescending };
}

/** Takes a column's type: words, and numbers in brackets. */
function typeIn(at: Cursor): string {
  const words: string[] = [];
  for (let token = at.peek(); token !== undefined; token = at.peek()) {
    if (token.kind === "sign" || AFTER_TYPE.test(wordOf(token))) break;
    words.push(at.name());
  }
  if (words.length === 0 || !isKeyword(at.peek(), "(")) return words.join(" ").toLowerCase();
  const inner = at.group().map(({ text }) => text);
  return `${words.join(" ")}(${inner.join("")})`.toLowerCase();
}

function fallbackIn(at: Cursor): readonly Token[] {
  if (isKeyword(at.peek(), "(")) return at.group();
  const first = at.next();
  const isSigned = isKeyword(first, "-") || isKeyword(first, "+");
  return [first, isSigned ? at.next() : undefined].filter((token) => token !== undefined);
}

/** Takes what follows ON: of a conflict, or of a foreign key. */
function action(at: Cursor): void {
  at.name();
  if (at.take("set") || at.take("no")) at.name();
  else at.name();
}

/** Reads what follows the columns. */
function isWithoutRowids(cursor: Cursor): boolean {
  let isWithout = false;
  for (let first = true; cursor.peek() !== undefined; first = false) {
    if (!first) cursor.expect(",");
    if (cursor.take("without")) {
      cursor.expect("rowid");
      isWithout = true;
    } else cursor.expect("strict");
  }
  return isWithout;
}

/** An unquoted word in lower case, or a sign; empty for other tokens. */
function wordOf(token: Token | undefined): string {
  if (token?.kind !== "word" && token?.kind !== "sign") return "";
  return folded(token.text);
}
