import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../errors.ts";
import { backOffMs, LONGEST_ASKED_MS } from "../lib/back-off.ts";
import { type Refusal, refusalIn, s3Error } from "./s3-errors.ts";
import { Unavailable } from "./types.ts";

/** Rules for requests to one bucket. */
export interface AskRules {
  /** Tries that may fail, after the first one. */
  readonly retries: number;
  /** Says which credentials were used. */
  readonly credentials: string;
  readonly signal: AbortSignal;
  /** A random number, 0 to 1, that spreads the waits. */
  readonly random: () => number;
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
  const { retries, credentials, signal, random } = rules;
  for (let failures = 0; ;) {
    signal.throwIfAborted();
    try {
      return await send(signal);
    } catch (error) {
      const refusal = signal.aborted ? undefined : refusalIn(error);
      const meant = refusal === undefined ? undefined : await refused?.(refusal, failures);
      if (meant !== undefined) return meant.value;
      const meaning = s3Error(error, { url, signal, credentials });
      if (!(meaning instanceof Unavailable)) throw meaning;
      failures += 1;
      const isOver = failures > retries || (meaning.retryMs ?? 0) > LONGEST_ASKED_MS;
      if (isOver) throw givenUp(meaning, failures);
      await sleep(backOffMs(failures, meaning.retryMs, random()), undefined, { signal });
    }
  }
}

function givenUp(error: Unavailable, tries: number): Failure {
  const message = `${error.message}; given up after ${tries} tries`;
  return new Failure("UNREACHABLE", message, { cause: error });
}
