import { Failure } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import { fetchWhole } from "./fetch.ts";
import type { Downloaded, DownloadOptions } from "./options.ts";
import { openPartial } from "./open-partial.ts";
import type { PartialFile } from "./partial.ts";
import { forget, type Transfer } from "./transfer.ts";
import { mismatch, type Verdict, verify } from "./verify.ts";

export type { Downloaded, DownloadOptions };

/** Streams of one object at once. */
const PARTS = 8;

/**
 * Fetches an object into a file: what is there under its name is whole, and has the hash that was
 * asked for, or there is nothing. What breaks off goes on from where it was, also in the next process,
 * where the source can tell that it is the same version.
 * @throws Failure CHECKSUM_MISMATCH, FILE_CHANGED, UNREACHABLE; LIMIT_EXCEEDED where there is no room
 * for it, or it is too large; FORMAT_INVALID for what cannot be decompressed; what the storage and the
 * disk say; the signal's reason once it is aborted: what was fetched stays for the next time then
 */
export async function download(url: URL, options: DownloadOptions): Promise<Downloaded> {
  return (await downloadIfChanged(url, options)) as Downloaded;
}

/** The same, but where the object has the version `unless`: nothing is fetched then. */
export async function downloadIfChanged(
  url: URL,
  options: DownloadOptions & { readonly unless?: string | undefined },
): Promise<Downloaded | undefined> {
  const { part, mode, parts = PARTS, syncsName = true } = options;
  const partial = await openPartial(part, { of: redacted(url), mode, syncsName });
  const known = { size: undefined, version: undefined, offered: {}, encoding: undefined };
  const counts = { received: partial.bytes(), requests: 0, restarts: 0, streams: parts };
  const state = { ...known, ...counts, encoded: undefined, isHeldBack: false };
  const transfer: Transfer = { url, partial, options, ...state };
  try {
    if ((await fetchWhole(transfer)) === "unchanged") {
      await partial.discard();
      return undefined;
    }
    const verdict = await verified(transfer);
    const bytes = partial.bytes();
    await partial.commit(options.target(verdict.sha256));
    return resultOf(transfer, verdict, bytes);
  } catch (error) {
    await (isUseless(error, partial) ? partial.discard() : partial.close());
    throw error;
  }
}

/** @throws Failure CHECKSUM_MISMATCH where it is wrong a second time */
async function verified(transfer: Transfer): Promise<Verdict> {
  const first = await verify(transfer);
  if (first.isRight !== false) return first;
  // Bytes that an earlier process left can be damaged: once more, all of it.
  await forget(transfer);
  await fetchWhole(transfer);
  const second = await verify(transfer);
  if (second.isRight === false) throw mismatch(transfer, second);
  return second;
}

function resultOf(transfer: Transfer, { sha256, isRight }: Verdict, bytes: number): Downloaded {
  const { encoding, encoded, version, requests } = transfer;
  return {
    bytes,
    sha256,
    ...(encoded === undefined ? {} : { encoded: { bytes: encoded.bytes, sha256: encoded.sha256 } }),
    verified: isRight === true,
    ...(version === undefined ? {} : { version }),
    ...(encoding === undefined ? {} : { encoding }),
    requests,
  };
}

/** True where the next process could do nothing with it. */
function isUseless(error: unknown, partial: PartialFile): boolean {
  const code = error instanceof Failure ? error.code : undefined;
  if (code === "ALREADY_RUNNING") return false;
  const isWrong = code === "CHECKSUM_MISMATCH" || code === "FILE_CHANGED";
  return isWrong || partial.bytes() === 0 || partial.version() === undefined;
}
