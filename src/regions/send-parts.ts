import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import type { Bucket, PartTag, StoredPart, Upload } from "../storage/bucket.ts";
import { partsOf, tagOfParts } from "./parts.ts";
import type { SourceBytes, SendOptions, Sent } from "./sending.ts";

/** An upload that an earlier process began. */
interface Left {
  readonly upload: Upload | undefined;
  readonly parts: ReadonlyMap<number, StoredPart>;
}

/** What an earlier process left of an object. */
interface Before extends Left {
  /** True where the whole object is there. */
  readonly isWhole: boolean;
}

/**
 * Sends bytes in parts, as many at once as there are buffers. Parts that the store has, with the
 * right size and MD5, are not sent again. Undefined where the store has the whole of another object.
 * @throws as `sendSource`
 */
export async function sendInParts(
  source: SourceBytes,
  options: SendOptions,
): Promise<Sent | undefined> {
  const { bucket, partBytes } = options;
  const { key, size } = source;
  const before = options.isAgain ? await leftOf(bucket, source) : nothing;
  const upload = before.upload ?? (before.isWhole ? undefined : await bucket.begin(key, {}));
  const { md5s, tags } = await readAndSend(source, { before, upload, ...options });
  const etag = tagOfParts(md5s);
  const sent = { bytes: size, sha256: source.sha256.digest("hex"), etag, part_bytes: partBytes };
  if (upload === undefined) return (await bucket.head(key))?.etag === etag ? sent : undefined;
  const facts = await bucket.complete(upload, tags);
  // Of what a store encrypts with a key of its own the tags are no MD5s.
  const hasMd5s = tags.every((tag, i) => tag.etag === md5s[i]?.toString("hex"));
  if (facts.bytes !== size || (hasMd5s && facts.etag !== etag))
    throw new Failure("CHECKSUM_MISMATCH", `s3://${bucket.name}/${key} is not what was sent`);
  return sent;
}

const nothing: Before = { isWhole: false, upload: undefined, parts: new Map() };

async function leftOf(bucket: Bucket, { key, size }: SourceBytes): Promise<Before> {
  if ((await bucket.head(key))?.bytes === size) return { ...nothing, isWhole: true };
  return { isWhole: false, ...(await uploadLeft(bucket, key)) };
}

/** The upload of an object that has the most parts; others are given up. @throws Failure */
export async function uploadLeft(bucket: Bucket, key: string): Promise<Left> {
  let best: Left = { upload: undefined, parts: new Map() };
  for await (const uploads of bucket.uploads(key)) {
    for (const upload of uploads.filter((each) => each.key === key)) {
      const parts = new Map<number, StoredPart>();
      for await (const page of bucket.parts(upload))
        for (const part of page) parts.set(part.n, part);
      const isBetter = best.upload === undefined || parts.size > best.parts.size;
      const worse = isBetter ? best.upload : upload;
      if (isBetter) best = { upload, parts };
      if (worse !== undefined) await bucket.abort(worse);
    }
  }
  return best;
}

interface Sending extends SendOptions {
  readonly before: Before;
  /** Undefined: the file is only read. */
  readonly upload: Upload | undefined;
}

async function readAndSend(
  source: SourceBytes,
  { before, upload, bucket, buffers, partBytes, limit, signal, onBytes }: Sending,
): Promise<{ readonly md5s: readonly Buffer[]; readonly tags: readonly PartTag[] }> {
  const md5s: Buffer[] = [];
  const tags: PartTag[] = [];
  const underWay = new Set<Promise<void>>();
  const errors: unknown[] = [];
  try {
    for (const { n, start, end } of partsOf(source.size, partBytes)) {
      const buffer = await buffers.take(partBytes);
      const bytes = buffer.subarray(0, end - start);
      const read = errors.length > 0 ? undefined : await readPart({ n, bytes, start }).catch(keep);
      if (read === undefined) {
        buffers.give(buffer);
        break;
      }
      md5s.push(read.md5);
      const sending = sendPart({ n, bytes, ...read })
        .catch((error: unknown) => void keep(error))
        .finally(() => {
          buffers.give(buffer);
          underWay.delete(sending);
        });
      underWay.add(sending);
    }
  } finally {
    await Promise.all(underWay);
  }
  try {
    if (errors.length > 0) throw errors[0];
    await source.checkUnchanged();
    return { md5s, tags };
  } catch (error) {
    // Other errors may pass: the parts are for the next try.
    const isUseless =
      error instanceof Failure && ["FILE_CHANGED", "CHECKSUM_MISMATCH"].includes(error.code);
    if (isUseless && upload !== undefined) await bucket.abort(upload);
    throw error;
  }

  function keep(error: unknown): undefined {
    errors.push(error);
  }

  /** In turn, the rate's limit too: all who wait for it together would wait for the last one. */
  async function readPart({ n, bytes, start }: Reading): Promise<ReadPart> {
    await source.fill(bytes, start);
    source.sha256.update(bytes);
    const md5 = createHash("md5").update(bytes).digest();
    const there = before.parts.get(n);
    const isThere = there?.bytes === bytes.length && there.etag === md5.toString("hex");
    if (!isThere && upload !== undefined) await limit.take(bytes.length, signal);
    return { md5, there: isThere ? there : undefined };
  }

  async function sendPart({ n, bytes, md5, there }: ReadPart & Sizes): Promise<void> {
    if (there !== undefined) tags[n - 1] = { n, etag: there.etag };
    else if (upload !== undefined)
      tags[n - 1] = { n, etag: await bucket.part(upload, { n, bytes, md5 }) };
    onBytes(bytes.length);
  }
}

interface Sizes {
  readonly n: number;
  readonly bytes: Buffer;
}

interface Reading extends Sizes {
  readonly start: number;
}

interface ReadPart {
  readonly md5: Buffer;
  /** The part, where the store has it. */
  readonly there: StoredPart | undefined;
}
