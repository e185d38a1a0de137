/** A character of a word: a letter, a mark on one, or a digit. */
const LETTER = String.raw`\p{L}\p{M}\p{N}`;
const WORD = new RegExp(`[${LETTER}]+`, "gu");

/** The words of a text, in lower case, in the order in which they stand. */
export function wordsIn(text: string): readonly string[] {
  return folded(text).match(WORD) ?? [];
}

/**
 * A test for texts that have some words whole, one after the other, with no letter or digit between
 * two: `new york` is in `New-York (USA)`, and not in `new yorker`.
 */
export function phraseTest(words: readonly string[]): (text: string) => boolean {
  const inside = words.join(`[^${LETTER}]+`);
  const phrase = new RegExp(`(?<![${LETTER}])${inside}(?![${LETTER}])`, "u");
  return (text) => phrase.test(folded(text));
}

function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
