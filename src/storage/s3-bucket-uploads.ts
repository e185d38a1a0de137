import type { ListMultipartUploadsCommandOutput, ListPartsCommandOutput } from "@aws-sdk/client-s3";
import { Failure } from "../errors.ts";
import type {
  Bucket,
  Metadata,
  ObjectFacts,
  PartBytes,
  PartRange,
  PartTag,
  StoredPart,
  Upload,
} from "./bucket.ts";
import { type BucketCalls, bareTag, orMissing } from "./s3-bucket-calls.ts";
import { decodedKey } from "./s3-bucket-lists.ts";
import { copySource, objectsOf } from "./s3-bucket-objects.ts";

type Uploads = Pick<
  Bucket,
  "begin" | "part" | "copyPart" | "parts" | "uploads" | "complete" | "abort"
>;

/** Requests of a bucket about uploads in parts. */
export function uploadsOf(calls: BucketCalls): Uploads {
  const { name, client, sdk, ask, sendPut } = calls;
  const { head } = objectsOf(calls);
  return { begin, part, copyPart, parts, uploads, complete, abort };

  async function begin(key: string, metadata: Metadata): Promise<Upload> {
    const object = { Bucket: name, Key: key, Metadata: metadata };
    const command = new sdk.CreateMultipartUploadCommand(object);
    const { UploadId } = await ask(key, {
      send: (abortSignal) => client.send(command, { abortSignal }),
    });
    if (UploadId === undefined)
      throw new Failure("UNREACHABLE", `s3://${name}/${key}: the store names no upload`);
    return { key, id: UploadId };
  }

  async function part({ key, id }: Upload, { n, bytes, sha256 }: PartBytes): Promise<string> {
    const query = { partNumber: String(n), uploadId: id };
    return await ask(key, {
      send: async (signal) => bareTag((await sendPut({ key, bytes, sha256, query, signal })).etag),
    });
  }

  async function copyPart(upload: Upload, { n, from, start, end }: PartRange): Promise<string> {
    const command = new sdk.UploadPartCopyCommand({
      ...within(upload),
      PartNumber: n,
      CopySource: copySource(from),
      CopySourceRange: `bytes=${start}-${end - 1}`,
    });
    return await ask(upload.key, {
      send: async (abortSignal) =>
        bareTag((await client.send(command, { abortSignal })).CopyPartResult?.ETag),
    });
  }

  async function* parts(upload: Upload): AsyncGenerator<readonly StoredPart[], void, void> {
    for (let marker: string | undefined; ;) {
      const asked = { ...within(upload), PartNumberMarker: marker };
      const command = new sdk.ListPartsCommand(asked);
      const page: ListPartsCommandOutput = await ask(upload.key, {
        send: (abortSignal) => client.send(command, { abortSignal }),
      });
      yield (page.Parts ?? []).map(({ PartNumber = 0, ETag, Size = 0 }) => ({
        n: PartNumber,
        etag: bareTag(ETag),
        bytes: Size,
      }));
      marker = page.NextPartNumberMarker;
      if (page.IsTruncated !== true || marker === undefined) return;
    }
  }

  async function* uploads(prefix: string): AsyncGenerator<readonly Upload[], void, void> {
    for (let after = {}; ;) {
      const asked = { Bucket: name, Prefix: prefix, EncodingType: "url" as const, ...after };
      const command = new sdk.ListMultipartUploadsCommand(asked);
      const page: ListMultipartUploadsCommandOutput = await ask(undefined, {
        send: (abortSignal) => client.send(command, { abortSignal }),
      });
      yield (page.Uploads ?? []).map(({ Key, UploadId = "" }) => ({
        key: decodedKey(Key),
        id: UploadId,
      }));
      const { IsTruncated, NextKeyMarker, NextUploadIdMarker } = page;
      if (IsTruncated !== true || NextKeyMarker === undefined) return;
      after = { KeyMarker: decodedKey(NextKeyMarker), UploadIdMarker: NextUploadIdMarker };
    }
  }

  async function complete(upload: Upload, tags: readonly PartTag[]): Promise<ObjectFacts> {
    const Parts = tags.map(({ n, etag }) => ({ PartNumber: n, ETag: `"${etag}"` }));
    const asked = { ...within(upload), MultipartUpload: { Parts } };
    const command = new sdk.CompleteMultipartUploadCommand(asked);
    await ask<unknown>(upload.key, {
      send: (abortSignal) => client.send(command, { abortSignal }),
      // The answer to an earlier try may have been lost: what is there then is compared by who asks.
      refused: ({ status }, triesBefore) =>
        status === 404 && triesBefore > 0 ? { value: undefined } : undefined,
    });
    // Not every store says the ETag in its answer.
    const facts = await head(upload.key);
    if (facts === undefined)
      throw new Failure("UNREACHABLE", `s3://${name}/${upload.key}: it is not there once complete`);
    return facts;
  }

  async function abort(upload: Upload): Promise<void> {
    const command = new sdk.AbortMultipartUploadCommand(within(upload));
    await ask<unknown>(upload.key, {
      send: (abortSignal) => client.send(command, { abortSignal }),
      refused: orMissing,
    });
  }

  function within({ key, id }: Upload) {
    return { Bucket: name, Key: key, UploadId: id };
  }
}
