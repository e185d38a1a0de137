/**
 * Does the work for one item after the other; `done` are those before the one at which it threw.
 */
export function untilThrown<T>(
  all: readonly T[],
  work: (one: T) => void,
): { readonly done: readonly T[]; readonly failure: unknown } {
  for (const [i, one] of all.entries()) {
    try {
      work(one);
    } catch (failure) {
      return { done: all.slice(0, i), failure };
    }
  }
  return { done: all, failure: undefined };
}
