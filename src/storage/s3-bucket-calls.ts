import type { Request } from "./asking.ts";
import type { Connection } from "./s3-clients.ts";
import type { Put } from "./s3-put.ts";

/** All that the parts of a bucket share. */
export interface BucketCalls extends Connection {
  readonly name: string;
  readonly sendPut: Put;
  /** Sends a request about a key, or about the bucket where there is none. @throws Failure */
  ask<T>(key: string | undefined, request: Omit<Request<T>, "url">): Promise<T>;
}

/** An ETag without its quotes. */
export function bareTag(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
