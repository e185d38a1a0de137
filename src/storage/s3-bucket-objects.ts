import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import type { Bucket, BucketObject, ObjectFacts, PutOptions } from "./bucket.ts";
import { type BucketCalls, bareTag, orMissing } from "./s3-bucket-calls.ts";
import type { PutRequest } from "./s3-put.ts";

/** The header of the store's own checksum. */
const CHECKSUM = "x-amz-checksum-sha256";

/** An object to put. */
interface Sendable extends Omit<PutRequest, "query" | "signal" | "sha256"> {
  readonly sha256: Buffer;
  readonly md5: Buffer;
}

/** Requests of a bucket about whole objects. */
export function objectsOf({
  name,
  client,
  sdk,
  ask,
  sendPut,
}: BucketCalls): Pick<Bucket, "put" | "get" | "head" | "copy"> {
  return { put, get, head, copy };

  async function put(
    key: string,
    bytes: Uint8Array,
    { metadata = {}, only, hashes }: PutOptions = {},
  ): Promise<string | undefined> {
    const md5 = hashes?.md5 ?? md5Of(bytes);
    const named = Object.entries(metadata).map(([name, text]) => [`x-amz-meta-${name}`, text]);
    const sha256 = hashes?.sha256 ?? createHash("sha256").update(bytes).digest();
    const headers = {
      ...Object.fromEntries(named),
      "content-md5": md5.toString("base64"),
      // Stores that know it keep it, and say it again.
      [CHECKSUM]: sha256.toString("base64"),
      "x-amz-sdk-checksum-algorithm": "SHA256",
    };
    const object: Sendable = { key, bytes, sha256, headers, md5 };
    if (only === undefined) return send(object);
    if (only === "where there is none") return sendIf(object, { "if-none-match": "*" }, undefined);
    const { inPlaceOf } = only;
    const etag = await sendIf(object, { "if-match": `"${inPlaceOf}"` }, inPlaceOf);
    if (etag !== undefined || (await head(key))?.etag !== inPlaceOf) return etag;
    // Ceph 16 compares what it is given with a tag that has no quotes; in a bucket with versions, with
    // nothing: the new version is not there yet.
    const bare = await sendIf(object, { "if-match": inPlaceOf }, inPlaceOf);
    return bare ?? sendAfterLook(object, inPlaceOf);
  }

  function send(object: Sendable): Promise<string> {
    return ask(object.key, { send: (signal) => sendOnce(object, signal) });
  }

  /** @throws Failure CHECKSUM_MISMATCH where the store says that it has other bytes */
  async function sendOnce({ md5: _md5, ...put }: Sendable, signal: AbortSignal): Promise<string> {
    const { etag, [CHECKSUM]: said } = await sendPut({ ...put, signal });
    if (said === undefined || said === put.sha256.toString("base64")) return bareTag(etag);
    throw new Failure(
      "CHECKSUM_MISMATCH",
      `s3://${name}/${put.key}: the store has other bytes than were sent`,
    );
  }

  /** Puts where a condition holds; `wanted` is the tag that is to be there. */
  function sendIf(
    object: Sendable,
    condition: Readonly<Record<string, string>>,
    wanted: string | undefined,
  ) {
    const { key, md5 } = object;
    const headers = { ...object.headers, ...condition };
    return ask<string | undefined>(key, {
      send: (signal) => sendOnce({ ...object, headers }, signal),
      async refused({ status }, triesBefore) {
        if (status === 501) return { value: await sendAfterLook(object, wanted) };
        if (status !== 412 && (status !== 404 || wanted === undefined)) return undefined;
        // The answer to an earlier try may have been lost.
        const tag = triesBefore === 0 ? undefined : (await head(key))?.etag;
        return { value: tag === md5.toString("hex") ? tag : undefined };
      },
    });
  }

  /** For stores that have no conditions. Another writer can come between: whoever is last has won. */
  async function sendAfterLook(object: Sendable, wanted: string | undefined) {
    if ((await head(object.key))?.etag !== wanted) return undefined;
    const etag = await send(object);
    return (await head(object.key))?.etag === etag ? etag : undefined;
  }

  function get(key: string) {
    const command = new sdk.GetObjectCommand({ Bucket: name, Key: key });
    return ask(key, {
      async send(abortSignal) {
        const { Body, ETag } = await client.send(command, { abortSignal });
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
        return { bytes: Buffer.from(bytes), etag: bareTag(ETag) };
      },
      refused: orMissing,
    });
  }

  function head(key: string): Promise<ObjectFacts | undefined> {
    const command = new sdk.HeadObjectCommand({ Bucket: name, Key: key });
    return ask<ObjectFacts | undefined>(key, {
      async send(abortSignal) {
        const { ContentLength, ETag, Metadata = {} } = await client.send(command, { abortSignal });
        return { bytes: ContentLength ?? 0, etag: bareTag(ETag), metadata: Metadata };
      },
      refused: orMissing,
    });
  }

  function copy(from: BucketObject, key: string, metadata: Readonly<Record<string, string>>) {
    const command = new sdk.CopyObjectCommand({
      Bucket: name,
      Key: key,
      CopySource: copySource(from),
      MetadataDirective: "REPLACE",
      Metadata: metadata,
    });
    return ask(key, {
      send: async (abortSignal) =>
        bareTag((await client.send(command, { abortSignal })).CopyObjectResult?.ETag),
    });
  }
}

function md5Of(bytes: Uint8Array): Buffer {
  return createHash("md5").update(bytes).digest();
}

/** The header that names the source of a copy. */
export function copySource({ bucket, key }: BucketObject): string {
  return `${bucket}/${encodeURIComponent(key).replaceAll("%2F", "/")}`;
}
