import { Failure } from "../errors.ts";
import { bytesText } from "../lib/text.ts";
import { redacted } from "../storage/location.ts";
import { type Digests, type Reply, Unavailable } from "../storage/types.ts";
import type { Found } from "./digest.ts";
import type { DownloadOptions } from "./options.ts";
import { SMALL_BYTES } from "./memory-part.ts";
import type { PartialFile } from "./partial.ts";
import { checkRoom } from "./room.ts";

/** The state of one download. */
export interface Transfer {
  readonly url: URL;
  readonly partial: PartialFile;
  readonly options: DownloadOptions & { readonly unless?: string | undefined };
  /** Size of the object, bytes, as its source says. */
  size: number | undefined;
  /** The version that was answered last. */
  version: string | undefined;
  offered: Digests;
  encoding: string | undefined;
  /** Bytes that came, and those that were there before. */
  received: number;
  requests: number;
  /** Times that it was begun again after some of it had been there. */
  restarts: number;
  /** True where the rate that all share was what it waited for; set back by who asks. */
  isHeldBack: boolean;
  /** Streams that its source bears at once. */
  streams: number;
  /** The bytes that were sent, where the file gets what is compressed in them. */
  encoded: (Found & { readonly bytes: number }) | undefined;
}

/**
 * Takes what an answer says of the object: begins again where that is another version or has no parts.
 * @throws Unavailable where it contradicts an earlier one; Failure LIMIT_EXCEEDED where the object is
 * larger than it may be, or than there is room for; as `PartialFile.begin`
 */
export async function heed(transfer: Transfer, reply: Reply, asked: number): Promise<void> {
  const { partial, options } = transfer;
  const isSame = transfer.partial.version() !== undefined && reply.version === partial.version();
  if (reply.start === 0 && (asked > 0 || !isSame)) await beginAgain(transfer, reply);
  else await checkSize(transfer, reply);
  transfer.size = reply.size ?? transfer.size;
  transfer.version = reply.version;
  transfer.offered = { ...transfer.offered, ...reply.offered };
  const size = options.decompress === true ? undefined : transfer.size;
  if (size !== undefined) await checkMost(transfer, size);
  await partial.expect(size);
  // What is small is not worth the question: who writes it is told.
  if (size !== undefined && size > SMALL_BYTES)
    await checkRoom(options.part, size - partial.bytes());
}

/** From 0: it is another version, or its source has no parts of it. */
async function beginAgain(transfer: Transfer, reply: Reply): Promise<void> {
  const { version, offered, encoding } = reply;
  // What is unpacked from it cannot be gone on with.
  const isKept = transfer.options.decompress !== true;
  await forget(transfer, isKept ? version : undefined, offered);
  transfer.encoding = encoding;
}

/** Begins again from 0, with an object of this version. @throws as `PartialFile.begin` */
export async function forget(
  transfer: Transfer,
  version?: string,
  offered: Digests = {},
): Promise<void> {
  if (transfer.partial.bytes() > 0) transfer.restarts += 1;
  await transfer.partial.begin(version, offered);
  transfer.received = 0;
  transfer.size = undefined;
  transfer.offered = {};
  transfer.encoded = undefined;
}

/** A version has one size; a source that says another one is not to be gone on with. */
async function checkSize(transfer: Transfer, reply: Reply): Promise<void> {
  const { url, size } = transfer;
  if (size === undefined || reply.size === undefined || reply.size === size) return;
  await forget(transfer);
  throw new Unavailable(
    `${redacted(url)}: its size is said to be ${size} bytes, and then ${reply.size}`,
  );
}

/** @throws Failure LIMIT_EXCEEDED where a file of so many bytes is too large: nothing is kept then */
export async function checkMost({ url, options, partial }: Transfer, bytes: number): Promise<void> {
  const { maxBytes = Infinity } = options;
  if (bytes <= maxBytes) return;
  await partial.begin(undefined, {});
  throw new Failure(
    "LIMIT_EXCEEDED",
    `${redacted(url)} has more than the ${bytesText(maxBytes)} that a file may have`,
  );
}
