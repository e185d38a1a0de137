import { createHash } from "node:crypto";
import type { PutObjectCommand, PutObjectCommandInput } from "@aws-sdk/client-s3";
import type { Bucket, BucketObject, ObjectFacts, PutOptions } from "./bucket.ts";
import { type BucketCalls, bareTag } from "./s3-bucket-calls.ts";

/** What a bucket does with whole objects. */
export function objectsOf({
  name,
  client,
  sdk,
  ask,
}: BucketCalls): Pick<Bucket, "put" | "get" | "head" | "copy"> {
  return { put, get, head, copy };

  async function put(
    key: string,
    bytes: Uint8Array,
    { metadata = {}, only }: PutOptions = {},
  ): Promise<string | undefined> {
    const object: PutObjectCommandInput = {
      Bucket: name,
      Key: key,
      Body: bytes,
      Metadata: metadata,
      ContentMD5: md5Of(bytes).toString("base64"),
    };
    if (only === undefined) return send(object);
    if (only === "where there is none") return sendIf({ ...object, IfNoneMatch: "*" }, undefined);
    const { inPlaceOf } = only;
    const etag = await sendIf({ ...object, IfMatch: `"${inPlaceOf}"` }, inPlaceOf);
    if (etag !== undefined || (await head(key))?.etag !== inPlaceOf) return etag;
    // Ceph 16 compares what it is given with a tag that has no quotes; in a bucket with versions, with
    // nothing: the new version is not there yet.
    const bare = await sendIf({ ...object, IfMatch: inPlaceOf }, inPlaceOf);
    return bare ?? sendAfterLook(object, inPlaceOf);
  }

  function send(object: PutObjectCommandInput): Promise<string> {
    const command = new sdk.PutObjectCommand(object);
    return ask(object.Key, { send: async (signal) => bareTag((await sent(command, signal)).ETag) });
  }

  /** Puts where a condition holds; `wanted` is the tag that is to be there. */
  function sendIf(object: PutObjectCommandInput, wanted: string | undefined) {
    const key = object.Key as string;
    const command = new sdk.PutObjectCommand(object);
    return ask<string | undefined>(key, {
      send: async (signal) => bareTag((await sent(command, signal)).ETag),
      async refused({ status }, triesBefore) {
        if (status === 501) return { value: await sendAfterLook(object, wanted) };
        if (status !== 412 && (status !== 404 || wanted === undefined)) return undefined;
        // The answer to an earlier try may have been lost.
        const tag = triesBefore === 0 ? undefined : (await head(key))?.etag;
        const isOurs = tag === md5Of(object.Body as Uint8Array).toString("hex");
        return { value: isOurs ? tag : undefined };
      },
    });
  }

  /** For stores that have no conditions. Another writer can come between: whoever is last has won. */
  async function sendAfterLook(object: PutObjectCommandInput, wanted: string | undefined) {
    const key = object.Key as string;
    if ((await head(key))?.etag !== wanted) return undefined;
    const { IfMatch: _tag, IfNoneMatch: _none, ...plain } = object;
    const etag = await send(plain);
    return (await head(key))?.etag === etag ? etag : undefined;
  }

  function sent(command: PutObjectCommand, abortSignal: AbortSignal) {
    return client.send(command, { abortSignal });
  }

  function get(key: string) {
    const command = new sdk.GetObjectCommand({ Bucket: name, Key: key });
    return ask(key, {
      async send(abortSignal) {
        const { Body, ETag } = await client.send(command, { abortSignal });
        const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
        return { bytes: Buffer.from(bytes), etag: bareTag(ETag) };
      },
      refused: ({ status, word }) => (isMissing(status, word) ? { value: undefined } : undefined),
    });
  }

  function head(key: string): Promise<ObjectFacts | undefined> {
    const command = new sdk.HeadObjectCommand({ Bucket: name, Key: key });
    return ask<ObjectFacts | undefined>(key, {
      async send(abortSignal) {
        const { ContentLength, ETag, Metadata = {} } = await client.send(command, { abortSignal });
        return { bytes: ContentLength ?? 0, etag: bareTag(ETag), metadata: Metadata };
      },
      refused: ({ status, word }) => (isMissing(status, word) ? { value: undefined } : undefined),
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

/** A bucket that is not there is none that has no such object. */
function isMissing(status: number, word: string): boolean {
  return status === 404 && word !== "NoSuchBucket";
}

/** The header that names the source of a copy. */
export function copySource({ bucket, key }: BucketObject): string {
  return `${bucket}/${encodeURIComponent(key).replaceAll("%2F", "/")}`;
}
