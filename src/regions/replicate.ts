import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import { forEach } from "../lib/for-each.ts";
import type { ObjectFacts, PartTag } from "../storage/bucket.ts";
import { locationOf } from "../storage/location.ts";
import { type ListedObject, objectOf, readList } from "./file-list.ts";
import { DOCUMENT, FILES, USES } from "./document.ts";
import { partsOf } from "./parts.ts";
import type { Region } from "./region.ts";
import { relayFile } from "./relay.ts";
import { uploadLeft } from "./send-parts.ts";
import type { SendOptions } from "./sending.ts";

/** Options of `copyFiles`. */
export interface CopyOptions {
  readonly id: string;
  readonly from: Region;
  /** The list of the files, on this machine. */
  readonly list: string;
  readonly to: Region;
  /** Sends what the service does not copy itself. */
  readonly sending: SendOptions;
  readonly stallMs: number;
}

/** Files that are copied at once, and parts of each. */
const FILES_AT_ONCE = 8;
const PARTS_AT_ONCE = 8;

/**
 * Copies the files of a staging to another region: by the service itself, else through this machine.
 * Each has the bytes that were sent: its ETag says so, else it is read.
 * @throws Failure; the signal's reason
 */
export async function copyFiles(options: CopyOptions): Promise<void> {
  const { id, from, list, sending } = options;
  let isElsewhere = false;
  await forEach(readList(list), FILES_AT_ONCE, async (file) => {
    const object = objectOf(file);
    if (!isElsewhere) isElsewhere = !(await copyWithin(object, options));
    if (isElsewhere)
      await relayFile(object, { id, from, sending: { ...sending, onBytes: () => {} } });
    sending.onBytes(file.bytes);
  });
}

/** Copies within a service; false where the other region does not know the file, or may not read it. */
async function copyWithin(file: ListedObject, options: CopyOptions): Promise<boolean> {
  try {
    await copyFile(file, options);
    return true;
  } catch (error) {
    if (!isUnknown(error)) throw error;
    return false;
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof Failure && ["FILE_MISSING", "FORBIDDEN"].includes(error.code);
}

/** Sees that all is there: as many objects and bytes as the list has. @throws Failure CHECKSUM_MISMATCH */
export async function checkListing(
  { bucket }: Region,
  id: string,
  { files, bytes }: { readonly files: number; readonly bytes: number },
): Promise<void> {
  const found = { files: 0, bytes: 0 };
  for await (const page of bucket.list(`${id}/`)) {
    for (const object of page.filter(({ key }) => !isOurs(key.slice(id.length + 1)))) {
      found.files += 1;
      found.bytes += object.bytes;
    }
  }
  if (found.files === files && found.bytes === bytes) return;
  const message = `s3://${bucket.name}/${id}/ has ${found.files} files with ${found.bytes} bytes, not ${files} with ${bytes}`;
  throw new Failure("CHECKSUM_MISMATCH", message);
}

/** True of what is no file of a staging, but about it. */
export function isOurs(name: string): boolean {
  return name === DOCUMENT || name === FILES || name.startsWith(USES);
}

async function copyFile(file: ListedObject, options: CopyOptions): Promise<void> {
  const { id, to, sending } = options;
  const key = `${id}/${file.path}`;
  const there = sending.isAgain ? await to.bucket.head(key) : undefined;
  if (there !== undefined && isRight(there, file)) return;
  const facts =
    file.part_bytes === 0 ? await copyWhole(file, options) : await copyParts(file, options);
  if (isRight(facts, file)) return;
  // A store that encrypts has ETags of its own: the bytes say what they are.
  const isSame = facts.bytes === file.bytes && (await hashOf(key, options)) === file.sha256;
  if (isSame) return;
  await to.bucket.remove([key]);
  throw new Failure("CHECKSUM_MISMATCH", `s3://${to.bucket.name}/${key} is not what was sent`);
}

function isRight({ bytes, etag }: ObjectFacts, file: ListedObject): boolean {
  return bytes === file.bytes && etag === file.etag;
}

async function copyWhole(file: ListedObject, { id, from, to }: CopyOptions): Promise<ObjectFacts> {
  const key = `${id}/${file.path}`;
  const metadata = { sha256: file.sha256 };
  const etag = await to.bucket.copy({ bucket: from.bucket.name, key }, key, metadata);
  return { bytes: file.bytes, etag, metadata };
}

/** With the same parts it has the same ETag on every store; those that are there are not copied again. */
async function copyParts(
  file: ListedObject,
  { id, from, to, sending }: CopyOptions,
): Promise<ObjectFacts> {
  const key = `${id}/${file.path}`;
  const source = { bucket: from.bucket.name, key };
  const left = sending.isAgain ? await uploadLeft(to.bucket, key) : undefined;
  const upload = left?.upload ?? (await to.bucket.begin(key, { sha256: file.sha256 }));
  const tags: PartTag[] = [];
  try {
    await forEach(partsOf(file.bytes, file.part_bytes), PARTS_AT_ONCE, async (part) => {
      const there = left?.parts.get(part.n);
      const isThere = there?.bytes === part.end - part.start;
      const etag = isThere
        ? there.etag
        : await to.bucket.copyPart(upload, { ...part, from: source });
      tags[part.n - 1] = { n: part.n, etag };
    });
  } catch (error) {
    // Other errors may pass: the parts are for the next try. This one says more than that of an abort.
    if (isUnknown(error)) await to.bucket.abort(upload).catch(() => undefined);
    throw error;
  }
  return await to.bucket.complete(upload, tags);
}

async function hashOf(key: string, { to, stallMs, sending }: CopyOptions): Promise<string> {
  const url = locationOf(`s3://${to.bucket.name}/${key}`);
  const request = { start: 0, version: undefined, stallMs, signal: sending.signal };
  const sha256 = createHash("sha256");
  const reply = await to.storages.of(url).read(url, request);
  for await (const chunk of reply.chunks) sha256.update(chunk);
  return sha256.digest("hex");
}
