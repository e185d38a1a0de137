import { ask, type AskRules } from "./asking.ts";
import type { AgentOptions } from "./agents.ts";
import type { Bucket } from "./bucket.ts";
import { listsOf } from "./s3-bucket-lists.ts";
import { objectsOf } from "./s3-bucket-objects.ts";
import { policyOf } from "./s3-bucket-policy.ts";
import { settingsOf } from "./s3-bucket-settings.ts";
import { signingOf } from "./s3-bucket-sign.ts";
import { uploadsOf } from "./s3-bucket-uploads.ts";
import { credentialsText, type Endpoint } from "./endpoints.ts";
import type { BucketCalls } from "./s3-bucket-calls.ts";
import { createConnect } from "./s3-clients.ts";
import { createPut } from "./s3-put.ts";

/** Options of `openBucket`. */
export interface BucketOptions extends AgentOptions {
  readonly endpoint: Endpoint | undefined;
  readonly name: string;
  /** Tries that may fail, after the first one, of each request. */
  readonly retries: number;
  /** Time without a byte after which a request has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** A random number, 0 to 1, that spreads the waits; tests give their own. */
  readonly random?: (() => number) | undefined;
}

/** Opens a bucket; nothing is asked yet, but the SDK is loaded. @throws Failure FORBIDDEN */
export async function openBucket(options: BucketOptions): Promise<Bucket> {
  const { endpoint, name, ca, guard, stallMs, retries, signal, random } = options;
  const connection = await createConnect({ ca, guard, idleMs: stallMs })(endpoint);
  const rules: AskRules = { retries, signal, random, credentials: credentialsText(endpoint) };
  const calls: BucketCalls = {
    ...connection,
    name,
    sendPut: createPut(connection, name),
    ask: (key, request) => ask({ ...request, url: locationIn(name, key) }, rules),
  };
  const whole = { ...objectsOf(calls), ...listsOf(calls), ...signingOf(calls) };
  const itself = { ...settingsOf(calls), ...policyOf(calls) };
  return { name, ...itself, ...whole, ...uploadsOf(calls) };
}

function locationIn(bucket: string, key = ""): URL {
  return new URL(`s3://${bucket}/${encodeURIComponent(key)}`);
}
