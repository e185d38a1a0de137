import type { LineRule } from "../../lib/line-records.ts";

/**
 * Creates the rule of SQL: a record is a statement, up to the line that ends with its semicolon. Lines
 * of data below PostgreSQL's `COPY … FROM stdin` are records of their own.
 */
export function sqlRule(): LineRule {
  /** The text that closes what is open: a quote, a comment or `$tag$`; empty outside of them. */
  let closer = "";
  /** The last characters, as many as can matter; for strings without those that are escaped. */
  let recent = "";
  /** True after a semicolon with nothing but comments behind it. */
  let isEnded = true;
  let wasEnded = true;
  let isCopy = false;
  let line = "";
  return {
    isHeader: (text) => /^\s*(--|#|$)/.test(text),
    starts(text) {
      if (isCopy) isCopy = line !== "\\.";
      else isCopy = isEnded && /^COPY\b.*\bFROM\s+stdin\b/i.test(line);
      line = text;
      return isCopy || (closer === "" && isEnded);
    },
    hear(bytes) {
      if (!isCopy) for (const byte of bytes) hearCharacter(String.fromCharCode(byte));
    },
  };

  function hearCharacter(character: string): void {
    if (closer === "") hearOutside(character);
    else {
      recent = (recent + character).slice(-closer.length - 1);
      if (closer === "'" && recent.startsWith("\\") && recent.length === 2) recent = "";
      else if (recent.endsWith(closer)) close();
    }
  }

  function close(): void {
    closer = "";
    recent = "";
  }

  function hearOutside(character: string): void {
    const tag = /^\$\w*$/.test(recent) && character === "$" ? `${recent}$` : undefined;
    const pair = recent.slice(-1) + character;
    if (pair === "--" || pair === "/*") {
      isEnded = wasEnded;
      open(pair === "--" ? "\n" : "*/");
    } else if (character === "'" || character === '"' || character === "`") open(character);
    else if (tag !== undefined) open(tag);
    else {
      recent = /[\w$]/.test(character) && recent.startsWith("$") ? recent + character : character;
      wasEnded = isEnded;
      if (character > " ") isEnded = character === ";";
      return;
    }
  }

  function open(by: string): void {
    if (by !== "\n" && by !== "*/") isEnded = false;
    closer = by;
    recent = "";
  }
}
