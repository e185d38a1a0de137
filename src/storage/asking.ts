import { type Patience, rest } from "./rest.ts";
import { type Refusal, refusalIn, s3Error } from "./s3-errors.ts";

/** Rules for requests to one bucket. */
export interface AskRules extends Patience {
  /** Says which credentials were used. */
  readonly credentials: string;
}

/** A request that can be sent again. */
export interface Request<T> {
  /** The object or bucket that it is about, for messages. */
  readonly url: URL;
  readonly send: (signal: AbortSignal) => Promise<T>;
  /** The result that a refusal means, by the number of tries before; undefined: it is an error. */
  readonly refused?: (
    refusal: Refusal,
    triesBefore: number,
  ) => { readonly value: T } | undefined | Promise<{ readonly value: T } | undefined>;
}

/** Sends a request until it is answered. @throws Failure; the signal's reason once it is aborted */
export async function ask<T>({ url, send, refused }: Request<T>, rules: AskRules): Promise<T> {
  const { credentials, signal } = rules;
  for (let failures = 0; ;) {
    signal.throwIfAborted();
    try {
      return await send(signal);
    } catch (error) {
      const refusal = signal.aborted ? undefined : refusalIn(error);
      const meant = refusal === undefined ? undefined : await refused?.(refusal, failures);
      if (meant !== undefined) return meant.value;
      failures += 1;
      await rest(s3Error(error, { url, signal, credentials }), failures, rules);
    }
  }
}
