import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { forEach } from "../lib/for-each.ts";
import type { Bucket, ListedObject } from "./bucket.ts";
import { bareTag, type BucketCalls, orMissing } from "./s3-bucket-calls.ts";

/** Removals under way at once, where each needs a request. */
const AT_ONCE = 8;

/** Requests of a bucket about many objects. */
export function listsOf({ name, client, sdk, ask }: BucketCalls): Pick<Bucket, "list" | "remove"> {
  return { list, remove };

  async function* list(
    prefix: string,
    after?: string,
  ): AsyncGenerator<readonly ListedObject[], void, void> {
    for (let token: string | undefined; ;) {
      const command = new sdk.ListObjectsV2Command({
        Bucket: name,
        Prefix: prefix,
        StartAfter: after,
        ContinuationToken: token,
        // XML has no words for some characters.
        EncodingType: "url",
      });
      const page: ListObjectsV2CommandOutput = await ask(undefined, {
        send: (abortSignal) => client.send(command, { abortSignal }),
      });
      yield (page.Contents ?? []).map(({ Key, Size = 0, ETag, LastModified = new Date(0) }) => ({
        key: decodedKey(Key),
        bytes: Size,
        etag: bareTag(ETag),
        changedAt: LastModified,
      }));
      token = page.NextContinuationToken;
      if (page.IsTruncated !== true || token === undefined) return;
    }
  }

  async function remove(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const Objects = keys.map((Key) => ({ Key }));
    const command = new sdk.DeleteObjectsCommand({
      Bucket: name,
      Delete: { Objects, Quiet: true },
    });
    const answer = await ask(undefined, {
      send: (abortSignal) => client.send(command, { abortSignal }),
      // Some want an MD5 that the SDK does not send any more, and some have no such request.
      refused: ({ status }) =>
        [400, 405, 411, 501].includes(status) ? { value: undefined } : undefined,
    });
    // A busy store says it of some, with the answer 200.
    const left = answer?.Errors?.map(({ Key = "" }) => Key);
    await forEach(answer === undefined ? keys : (left ?? []), AT_ONCE, removeOne);
  }

  async function removeOne(key: string): Promise<void> {
    const command = new sdk.DeleteObjectCommand({ Bucket: name, Key: key });
    await ask<unknown>(key, {
      send: (abortSignal) => client.send(command, { abortSignal }),
      refused: orMissing,
    });
  }
}

/** A key as listings encode it; a space can be a plus. */
export function decodedKey(text = ""): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}
