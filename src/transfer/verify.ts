import { Failure } from "../errors.ts";
import { redacted } from "../storage/location.ts";
import { agrees } from "./digest.ts";
import type { Transfer } from "./transfer.ts";

/** The outcome of comparing what came with what is known of it. */
export interface Verdict {
  /** Of the file. */
  readonly sha256: string;
  /** Bytes and SHA-256 of what was sent. */
  readonly sent: { readonly bytes: number; readonly sha256: string };
  /** Undefined where nothing is known of it. */
  readonly isRight: boolean | undefined;
}

/** Compares; what the caller knows counts before what the source offers. @throws what the disk says */
export async function verify(transfer: Transfer): Promise<Verdict> {
  const { partial, offered, options } = transfer;
  const found = await partial.digests();
  const sent = transfer.encoded ?? { ...found, bytes: partial.bytes() };
  const known = options.sha256 === undefined ? offered : { sha256: options.sha256 };
  const hasSize = options.bytes === undefined ? undefined : sent.bytes === options.bytes;
  const hasHash = agrees(known, sent);
  const isRight = hasSize === false ? false : (hasHash ?? hasSize);
  return { sha256: found.sha256, sent, isRight };
}

/** The error for what is wrong. */
export function mismatch({ url, options, offered }: Transfer, { sent }: Verdict): Failure {
  const hash = options.sha256 ?? offered.sha256;
  const wanted =
    options.bytes !== undefined && sent.bytes !== options.bytes
      ? `has ${sent.bytes} bytes, not ${options.bytes}`
      : `does not have ${hash === undefined ? "the MD5 that its source offers" : `the SHA-256 ${hash}`}, but ${sent.sha256}`;
  return new Failure("CHECKSUM_MISMATCH", `${redacted(url)} ${wanted}`);
}
