import { invalid } from "./invalid.ts";
import { folded, type Token } from "./tokens.ts";

/** A place in the tokens of a statement. */
export interface Cursor {
  /** The next token; undefined at the end. */
  peek(): Token | undefined;
  next(): Token | undefined;
  /** Takes the next token if it is this keyword, or sign. */
  take(keyword: string): boolean;
  /** Takes it. @throws Failure FORMAT_INVALID where it is another one */
  expect(keyword: string): void;
  /** Takes a name. @throws Failure FORMAT_INVALID where it is none */
  name(): string;
  /** Takes what is between brackets, the tokens of it. @throws Failure FORMAT_INVALID where it has no end */
  group(): readonly Token[];
}

/** Goes through the tokens of a statement. */
export function cursorOf(tokens: readonly Token[]): Cursor {
  let at = 0;

  return {
    peek: () => tokens[at],
    next: () => tokens[at++],
    take,
    expect(keyword) {
      if (!take(keyword)) throw unexpected();
    },
    name() {
      const token = tokens[at++];
      if (token === undefined || !/^(word|name|text)$/.test(token.kind)) throw unexpected(token);
      return token.text;
    },
    group() {
      if (!take("(")) throw unexpected();
      const start = at;
      for (let depth = 1; depth > 0; at += 1) {
        const token = tokens[at];
        if (token === undefined) throw unexpected();
        if (isKeyword(token, "(")) depth += 1;
        if (isKeyword(token, ")")) depth -= 1;
      }
      return tokens.slice(start, at - 1);
    },
  };

  function take(keyword: string): boolean {
    if (!isKeyword(tokens[at], keyword)) return false;
    at += 1;
    return true;
  }

  function unexpected(token = tokens[at]): Error {
    return invalid(`SQL that is not understood, at ${token?.text.slice(0, 40) ?? "its end"}`);
  }
}

/** True for an unquoted word, in any case, or a sign. */
export function isKeyword(token: Token | undefined, keyword: string): boolean {
  if (token?.kind === "sign") return token.text === keyword;
  return token?.kind === "word" && folded(token.text) === keyword;
}
