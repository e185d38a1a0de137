/** Characters of a value from which on it is looked for elsewhere: shorter ones are everywhere. */
const LEAST_CHARACTERS = 5;
/** Bits of the table that tells most places that begin no value. */
const TABLE_BITS = 16;

/** Tells where masked values stand in other text. */
export interface LeakScan {
  /** True when one of the values stands in a text. */
  isIn(text: string): boolean;
}

/** Values that begin alike, by their lengths: few, also where there are many values. */
type Alike = Map<number, Set<string>>;

/** Prepares a search for values, white space around them aside. */
export function leakScan(values: Iterable<string>): LeakScan {
  const begins = new Uint8Array(1 << TABLE_BITS);
  const byBeginning = new Map<string, Alike>();
  for (const value of values) {
    const sought = value.trim();
    if (sought.length < LEAST_CHARACTERS) continue;
    const beginning = sought.slice(0, LEAST_CHARACTERS);
    const alike: Alike = byBeginning.get(beginning) ?? new Map();
    byBeginning.set(beginning, alike);
    const { length } = sought;
    alike.set(length, (alike.get(length) ?? new Set()).add(sought));
    begins[hashAt(sought, 0)] = 1;
  }
  return {
    isIn(text) {
      if (byBeginning.size === 0) return false;
      for (let at = 0; at + LEAST_CHARACTERS <= text.length; at += 1) {
        if (begins[hashAt(text, at)] === 1 && standsAt(text, at)) return true;
      }
      return false;
    },
  };

  function standsAt(text: string, at: number): boolean {
    const alike = byBeginning.get(text.slice(at, at + LEAST_CHARACTERS));
    if (alike === undefined) return false;
    for (const [length, of] of alike) if (of.has(text.slice(at, at + length))) return true;
    return false;
  }
}

/** A number for the characters at a place, below the size of the table. */
function hashAt(text: string, at: number): number {
  let hash = 0;
  for (let i = at; i < at + LEAST_CHARACTERS; i += 1)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x9e3779b1);
  return hash >>> (32 - TABLE_BITS);
}
