import { createHash } from "node:crypto";
import { Failure } from "../../errors.ts";

/** Does work once for each key; a repetition gets the first one's result. @throws Failure USAGE */
export type Once<T> = (
  key: string | undefined,
  request: unknown,
  work: () => Promise<T>,
) => Promise<T>;

interface Kept<T> {
  readonly digest: string;
  readonly result: Promise<T>;
}

/** Keys that are remembered; the oldest goes first. */
const MOST_KEYS = 10_000;

/** Remembers results by `Idempotency-Key`, for as long as the process lives. Failed ones are not kept. */
export function idempotent<T>(): Once<T> {
  const kept = new Map<string, Kept<T>>();
  return async (key, request, work) => {
    if (key === undefined) return await work();
    const digest = createHash("sha256").update(JSON.stringify(request)).digest("hex");
    const before = kept.get(key);
    if (before !== undefined) {
      if (before.digest === digest) return await before.result;
      throw new Failure("USAGE", "this Idempotency-Key belongs to another request");
    }
    const result = work();
    kept.set(key, { digest, result });
    result.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > MOST_KEYS && oldest !== undefined) kept.delete(oldest);
    return await result;
  };
}
