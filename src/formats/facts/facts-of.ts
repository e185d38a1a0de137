import type { Source } from "../../lib/source.ts";
import { faultOf } from "../fault.ts";
import { arrowFacts, isArrow } from "./arrow.ts";
import { isOrc, orcFacts } from "./orc.ts";
import { isXlsx, xlsxFacts } from "./xlsx.ts";
import type { Facts } from "./facts.ts";

/** Reads facts with random access. @throws anything, where the file is damaged */
type Reader = (read: NonNullable<Source["slice"]>, size: number) => Promise<Facts>;

const readers: readonly (readonly [
  matches: (head: Uint8Array, name: string) => boolean,
  facts: Reader,
])[] = [
  [isArrow, arrowFacts],
  [isOrc, orcFacts],
  [isXlsx, xlsxFacts],
];

/**
 * Reads the facts of a file whose format has cheap ones; none for other formats. `fault` says why a
 * damaged file has none.
 * @throws what reading throws where the file is not to blame.
 */
export async function factsOf(
  { name, size, slice, head }: Source,
  signal: AbortSignal,
): Promise<{ readonly facts: Facts; readonly fault?: string }> {
  if (slice === undefined || size === undefined) return { facts: {} };
  const first = await head();
  const reader = readers.find(([matches]) => matches(first, name))?.[1];
  if (reader === undefined) return { facts: {} };
  try {
    return { facts: await reader(slice, size) };
  } catch (error) {
    return { facts: {}, fault: faultOf(error, signal) };
  }
}
