import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import { fetchPart, type RemoteObject } from "../storage/fetch-part.ts";
import { locationOf } from "../storage/location.ts";
import type { ListedObject } from "./file-list.ts";
import type { Region } from "./region.ts";
import type { SendOptions, SourceBytes } from "./sending.ts";
import { sendSource } from "./send-source.ts";

/** Options of `relayFile`. */
export interface RelayOptions {
  readonly id: string;
  readonly from: Region;
  /** Options of sending to the other region. */
  readonly sending: SendOptions;
}

/**
 * Copies a file to a region of another service, through this machine: part by part, in the parts that
 * it was sent in, and only what has its SHA-256.
 * @throws Failure; the signal's reason
 */
export async function relayFile(
  file: ListedObject,
  { id, from, sending }: RelayOptions,
): Promise<void> {
  const { part_bytes, bytes } = file;
  const partBytes = part_bytes === 0 ? Math.max(sending.partBytes, bytes) : part_bytes;
  const send = async (isAgain: boolean) => {
    const source = sourceOf(file, `${id}/${file.path}`, from, sending.signal);
    return await sendSource(source, { ...sending, partBytes, isAgain });
  };
  // What is there may be of another file.
  if ((await send(sending.isAgain)) === undefined) await send(false);
}

function sourceOf(
  { bytes: size, sha256: wanted, part_bytes }: ListedObject,
  key: string,
  { bucket, storages }: Region,
  signal: AbortSignal,
): SourceBytes {
  const url = locationOf(`s3://${bucket.name}/${key}`);
  const name = `s3://${bucket.name}/${key}`;
  const any = { budget: Infinity, mostRequests: Infinity };
  const none = { read: 0, awaited: 0, requests: 0, isKnown: false, version: undefined, size };
  const object: RemoteObject = { url, storage: storages.of(url), signal, ...any, ...none };
  const sha256 = createHash("sha256");
  let at = 0;
  return {
    name,
    key,
    size,
    // One part alone is what a compressed file can have: its ETag is another one than that of the bytes.
    most: part_bytes === 0 ? size : Math.max(size, part_bytes + 1),
    sha256,
    async fill(buffer) {
      const wanted = Math.min(buffer.length, size - at);
      if (wanted === 0) return 0;
      let done = 0;
      for await (const chunk of fetchPart(object, at, at + wanted)) {
        buffer.set(chunk, done);
        done += chunk.length;
      }
      if (done < wanted) throw new Failure("FILE_CHANGED", `${name} is shorter than it was`);
      at += wanted;
      return wanted;
    },
    checkUnchanged() {
      if (sha256.copy().digest("hex") !== wanted)
        throw new Failure("CHECKSUM_MISMATCH", `${name} is not what was sent`);
    },
  };
}
