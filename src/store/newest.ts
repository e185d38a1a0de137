import type { Failing, NewestFailure } from "./rows.ts";

/** Entries that are looked at to find the newest ones: in all, and for one dataset at least. */
const LOOKED_AT = 500;
const LEAST_OF_ONE = 10;

/** Datasets whose newest failures are looked at, and how many of each. */
export interface LookedAt {
  readonly failing: readonly Failing[];
  /** Entries of each. */
  readonly limit: number;
}

/** The datasets to look at for the newest failures. */
export function failingAmong(datasets: readonly Failing[]): LookedAt {
  const failing = datasets.filter(({ failed }) => failed > 0).slice(0, LOOKED_AT / LEAST_OF_ONE);
  return { failing, limit: Math.ceil(LOOKED_AT / Math.max(1, failing.length)) };
}

/** Failures by code, the newest first, at most `count` of each. */
export function newestByCode(
  failures: readonly NewestFailure[],
  { codes, count }: { readonly codes: readonly string[]; readonly count: number },
): Map<string, readonly NewestFailure[]> {
  const newest = failures.toSorted((a, b) => ((a.at ?? "") < (b.at ?? "") ? 1 : -1));
  const ofCode = (code: string) => newest.filter((entry) => entry.code === code).slice(0, count);
  return new Map(codes.map((code) => [code, ofCode(code)]));
}

/** Some failures, and then others that are not among them, at most `count`. */
export function filledUp(
  first: readonly NewestFailure[],
  others: readonly NewestFailure[],
  count: number,
): readonly NewestFailure[] {
  const known = new Set(first.map(keyOf));
  return [...first, ...others.filter((each) => !known.has(keyOf(each)))].slice(0, count);
}

function keyOf({ dataset, raw }: NewestFailure): string {
  return `${dataset}/${raw}`;
}
