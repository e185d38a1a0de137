import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import { forEach } from "../lib/for-each.ts";
import type { ObjectFacts, PartTag } from "../storage/bucket.ts";
import { locationOf } from "../storage/location.ts";
import { type ListedFile, readList } from "./file-list.ts";
import { partsOf } from "./parts.ts";
import type { Region } from "./region.ts";

/** Options of `copyFiles`. */
export interface CopyOptions {
  readonly id: string;
  readonly from: Region;
  readonly to: Region;
  /** The list of the files, on this machine. */
  readonly list: string;
  /** True where an earlier process may have copied some of it: what is there and right stays. */
  readonly isAgain: boolean;
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** Told of bytes that are there now. */
  readonly onBytes: (bytes: number) => void;
}

/** Files that are copied at once, and parts of each. */
const FILES_AT_ONCE = 8;
const PARTS_AT_ONCE = 8;

/**
 * Copies the files of a staging to another region, by the service itself, and sees that each has the
 * bytes that were sent: by its ETag, else by reading it.
 * @throws Failure, also where the two regions are not of one service; the signal's reason
 */
export async function copyFiles(options: CopyOptions): Promise<void> {
  await forEach(readList(options.list), FILES_AT_ONCE, async (file) => {
    await copyFile(file, options).catch((error: unknown) => {
      throw meaningOf(error, options);
    });
    options.onBytes(file.bytes);
  });
}

/** What one region has, and the other one does not know, is at another service. */
function meaningOf(error: unknown, { from, to }: CopyOptions): unknown {
  if (!(error instanceof Failure) || error.code !== "FILE_MISSING") return error;
  const message = `${to.name} cannot copy from ${from.name}, as only regions of one service can: ${error.message}`;
  return new Failure("UNREACHABLE", message, { cause: error });
}

/** Sees that all is there: as many objects and bytes as the list has. @throws Failure CHECKSUM_MISMATCH */
export async function checkListing(
  { bucket }: Region,
  id: string,
  { files, bytes }: { readonly files: number; readonly bytes: number },
): Promise<void> {
  const found = { files: 0, bytes: 0 };
  for await (const page of bucket.list(`${id}/`)) {
    for (const object of page.filter(({ key }) => !key.startsWith(`${id}/_`))) {
      found.files += 1;
      found.bytes += object.bytes;
    }
  }
  if (found.files === files && found.bytes === bytes) return;
  const message = `s3://${bucket.name}/${id}/ has ${found.files} files with ${found.bytes} bytes, not ${files} with ${bytes}`;
  throw new Failure("CHECKSUM_MISMATCH", message);
}

async function copyFile(file: ListedFile, options: CopyOptions): Promise<void> {
  const { id, to, isAgain } = options;
  const key = `${id}/${file.path}`;
  const there = isAgain ? await to.bucket.head(key) : undefined;
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

function isRight({ bytes, etag }: ObjectFacts, file: ListedFile): boolean {
  return bytes === file.bytes && etag === file.etag;
}

async function copyWhole(file: ListedFile, { id, from, to }: CopyOptions): Promise<ObjectFacts> {
  const key = `${id}/${file.path}`;
  const metadata = { sha256: file.sha256 };
  const etag = await to.bucket.copy({ bucket: from.bucket.name, key }, key, metadata);
  return { bytes: file.bytes, etag, metadata };
}

/** With the same parts it has the same ETag on every store. */
async function copyParts(
  file: ListedFile,
  { id, from, to, isAgain }: CopyOptions,
): Promise<ObjectFacts> {
  const key = `${id}/${file.path}`;
  const source = { bucket: from.bucket.name, key };
  if (isAgain) await abortUploads(to, key);
  const upload = await to.bucket.begin(key, { sha256: file.sha256 });
  const tags: PartTag[] = [];
  try {
    await forEach(each(partsOf(file.bytes, file.part_bytes)), PARTS_AT_ONCE, async (part) => {
      const etag = await to.bucket.copyPart(upload, { ...part, from: source });
      tags[part.n - 1] = { n: part.n, etag };
    });
  } catch (error) {
    // The error says what went wrong; cleanup gives up what is left.
    await to.bucket.abort(upload).catch(() => undefined);
    throw error;
  }
  return await to.bucket.complete(upload, tags);
}

/** Those of an earlier process. */
async function abortUploads({ bucket }: Region, key: string): Promise<void> {
  for await (const uploads of bucket.uploads(key))
    for (const upload of uploads) if (upload.key === key) await bucket.abort(upload);
}

async function* each<T>(items: Iterable<T>): AsyncGenerator<T, void, void> {
  yield* items;
}

async function hashOf(key: string, { to, stallMs, signal }: CopyOptions): Promise<string> {
  const url = locationOf(`s3://${to.bucket.name}/${key}`);
  const request = { start: 0, version: undefined, stallMs, signal };
  const sha256 = createHash("sha256");
  const reply = await to.storages.of(url).read(url, request);
  for await (const chunk of reply.chunks) sha256.update(chunk);
  return sha256.digest("hex");
}
