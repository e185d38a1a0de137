import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import type { Bucket, PartTag, StoredPart, Upload } from "../storage/bucket.ts";
import { tagOfParts } from "./parts.ts";
import type { SourceBytes, SendOptions, Sent } from "./sending.ts";

/** An upload that an earlier process began. */
interface Left {
  readonly upload: Upload | undefined;
  readonly parts: ReadonlyMap<number, StoredPart>;
}

/** Leavings of an earlier process, of one object. */
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
  const { key } = source;
  const before = options.isAgain ? await leftOf(bucket, source) : nothing;
  const upload = before.upload ?? (before.isWhole ? undefined : await bucket.begin(key, {}));
  const { bytes, tags, areMd5s } = await readAndSend(source, { before, upload, ...options });
  const facts = upload === undefined ? await bucket.head(key) : await bucket.complete(upload, tags);
  const etag = areMd5s ? tagOfParts(tags) : (facts?.etag ?? "");
  const isRight = facts?.bytes === bytes && facts.etag === etag;
  if (isRight) return { bytes, sha256: source.sha256.digest("hex"), etag, part_bytes: partBytes };
  if (upload === undefined) return undefined;
  throw new Failure("CHECKSUM_MISMATCH", `s3://${bucket.name}/${key} is not what was sent`);
}

const nothing: Before = { isWhole: false, upload: undefined, parts: new Map() };

async function leftOf(bucket: Bucket, { key, size }: SourceBytes): Promise<Before> {
  const there = await bucket.head(key);
  if (there !== undefined && (size === undefined || there.bytes === size))
    return { ...nothing, isWhole: true };
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
  /** Undefined: the bytes are only read. */
  readonly upload: Upload | undefined;
}

/** All parts, as they are in the store or would be. */
interface Parts {
  readonly bytes: number;
  readonly tags: readonly PartTag[];
  /** False where the store encrypts with a key of its own: the tags of its parts are no MD5s then. */
  readonly areMd5s: boolean;
}

async function readAndSend(
  source: SourceBytes,
  { before, upload, bucket, buffers, partBytes, limit, signal, onBytes }: Sending,
): Promise<Parts> {
  const tags: PartTag[] = [];
  const counts = { bytes: 0, others: 0 };
  const underWay = new Set<Promise<void>>();
  const errors: unknown[] = [];
  try {
    for (let n = 1, isOver = false; !isOver; n += 1) {
      const buffer = await buffers.take(partBytes);
      const part = errors.length > 0 ? undefined : await readPart(n, buffer).catch(keep);
      if (part === undefined) {
        buffers.give(buffer);
        break;
      }
      isOver = part.bytes.length < partBytes;
      const sending = sendPart(part)
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
    source.checkUnchanged();
    return { bytes: counts.bytes, tags, areMd5s: counts.others === 0 };
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

  /**
   * In turn, the rate's limit too: all who wait for it together would wait for the last one. Undefined
   * at the end.
   */
  async function readPart(n: number, buffer: Buffer): Promise<ReadPart | undefined> {
    const bytes = buffer.subarray(0, await source.fill(buffer));
    if (bytes.length === 0) return undefined;
    counts.bytes += bytes.length;
    source.sha256.update(bytes);
    const there = before.parts.get(n);
    // The store compares what it gets with its SHA-256; an MD5 takes twice as long as that.
    const isAsked = upload === undefined || n === 1 || there?.bytes === bytes.length;
    const md5 = isAsked ? createHash("md5").update(bytes).digest("hex") : undefined;
    const isThere = there?.bytes === bytes.length && there.etag === md5;
    if (!isThere && upload !== undefined) await limit.take(bytes.length, signal);
    return { n, bytes, md5, isThere };
  }

  async function sendPart({ n, bytes, md5, isThere }: ReadPart): Promise<void> {
    const etag =
      upload === undefined || isThere
        ? (md5 as string)
        : await bucket.part(upload, { n, bytes, sha256: sha256Of(bytes) });
    if (md5 !== undefined && etag !== md5) counts.others += 1;
    tags[n - 1] = { n, etag };
    onBytes(bytes.length);
  }
}

interface ReadPart {
  readonly n: number;
  readonly bytes: Buffer;
  /** Hexadecimal; undefined where nobody asks. */
  readonly md5: string | undefined;
  /** True where the store has it. */
  readonly isThere: boolean;
}

function sha256Of(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
