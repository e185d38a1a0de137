import type { Request } from "./asking.ts";
import type { Refusal } from "./s3-errors.ts";
import type { Connection } from "./s3-clients.ts";
import type { Put } from "./s3-put.ts";

/** All that the parts of a bucket share. */
export interface BucketCalls extends Connection {
  readonly name: string;
  readonly sendPut: Put;
  /** Sends a request about a key, or about the bucket where there is none. @throws Failure */
  ask<T>(key: string | undefined, request: Omit<Request<T>, "url">): Promise<T>;
}

/** Has an answer that there is no such object stand for none; a bucket that is not there is a failure. */
export function orMissing({ status, word }: Refusal): { readonly value: undefined } | undefined {
  return status === 404 && word !== "NoSuchBucket" ? { value: undefined } : undefined;
}

/** An ETag without its quotes. */
export function bareTag(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
