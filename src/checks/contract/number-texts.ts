const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;
const POINT = 0x2e;

/** True for digits, after a sign or none. */
export function isIntegerText(text: string): boolean {
  // Most are read without an expression, in half the time.
  return (digitsFrom(text, 0) === text.length && text !== "") || INTEGER.test(text);
}

/** True for a number without separators of thousands, with an exponent or none. */
export function isNumberText(text: string): boolean {
  const end = digitsFrom(text, 0);
  if (end > 0) {
    if (end === text.length) return true;
    if (text.charCodeAt(end) === POINT && digitsFrom(text, end + 1) === text.length) return true;
  }
  return NUMBER.test(text);
}

/** Returns where digits end that begin at a place. */
function digitsFrom(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) break;
  }
  return at;
}
