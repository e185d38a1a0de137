import { invalid } from "./invalid.ts";

/** A token of SQL. */
export interface Token {
  /** `word`: an identifier or keyword; `name`: a quoted one; `text`: in single quotes. */
  readonly kind: "word" | "name" | "text" | "blob" | "number" | "sign";
  /** Without quotes. */
  readonly text: string;
}

/** Characters of a statement that is read, at most. */
const MOST_CHARACTERS = 1024 * 1024;
/** Spaces and comments, then a token. */
const TOKEN =
  /(?:[\s\0]|--[^\n]*(?:\n|$)|\/\*[^]*?(?:\*\/|$))*(?:[xX]'([\da-fA-F]*)'|("(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])|('(?:[^']|'')*')|(\d[\w.]*(?:(?<=[eE])[+-]\d+)?|\.\d\w*(?:(?<=[eE])[+-]\d+)?)|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|([^]))?/y;

/** The tokens of a statement, as SQLite reads it. @throws Failure FORMAT_INVALID where one is not closed, or it is long */
export function tokensOf(sql: string): Token[] {
  if (sql.length > MOST_CHARACTERS) throw invalid(`SQL of ${sql.length} characters`);
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const [, blob, name, text, number, word, sign] = TOKEN.exec(sql) ?? [];
    if (blob !== undefined) tokens.push({ kind: "blob", text: blob });
    else if (name !== undefined) tokens.push({ kind: "name", text: unquoted(name) });
    else if (text !== undefined) tokens.push({ kind: "text", text: unquoted(text) });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (sign !== undefined) {
      if (`"'\`[`.includes(sign)) throw invalid("a name in its SQL is not closed");
      tokens.push({ kind: "sign", text: sign });
    } else break;
  }
  return tokens;
}

function unquoted(quoted: string): string {
  const quote = quoted[0] as string;
  const inner = quoted.slice(1, -1);
  return quote === "[" ? inner : inner.replaceAll(quote + quote, quote);
}

/** A name as SQLite compares it: only letters of ASCII have no case. */
export function folded(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
