import { fitsType, KINDS } from "./kinds.ts";
import type { Shape } from "./shape.ts";

/** The kinds that values of a column have. */
export function kindsIn({ counts = [] }: Pick<Shape, "counts">, column: number): number[] {
  const kinds: number[] = [];
  for (let kind = 0; kind < KINDS.length; kind += 1)
    if ((counts[column * KINDS.length + kind] ?? 0) > 0) kinds.push(kind);
  return kinds;
}

/** Values of a column: all of them, and those that do not fit a type. */
export function misfits(
  { counts = [] }: Pick<Shape, "counts">,
  column: number,
  type: string,
): { readonly values: number; readonly misfits: number } {
  let values = 0;
  let others = 0;
  for (let kind = 0; kind < KINDS.length; kind += 1) {
    const count = counts[column * KINDS.length + kind] ?? 0;
    values += count;
    if (!fitsType(kind, type)) others += count;
  }
  return { values, misfits: others };
}
