import { createHash } from "node:crypto";
import type { Compression } from "./compression.ts";
import { createCompressedSource } from "./compressed-source.ts";
import type { SendOptions, Sent } from "./sending.ts";
import { sendSource } from "./send-source.ts";
import { openSource } from "./source-file.ts";

/** Options of `sendFile`; `onBytes` is told of the file's own bytes. */
export interface SendFileOptions extends SendOptions {
  readonly compression?: Compression | undefined;
}

/** A file that was sent: its own bytes and hash, the ETag and parts of what is stored. */
export interface SentFile extends Sent {
  readonly compression?: Compression | undefined;
  /** The stored bytes, where these are others. */
  readonly stored?: { readonly bytes: number; readonly sha256: string } | undefined;
}

/**
 * Sends a file; its hash is computed while it is read, once.
 * @throws Failure FILE_CHANGED, FILE_UNREADABLE, and what the bucket says
 */
export async function sendFile(
  path: string,
  key: string,
  options: SendFileOptions,
): Promise<SentFile> {
  const { compression, onBytes } = options;
  const file = await openSource(path);
  try {
    const named = { name: path, key };
    if (compression === undefined) {
      const own = { most: file.size, sha256: createHash("sha256"), ...file };
      const sent = await sendSource({ ...named, ...own }, options);
      if (sent !== undefined) return sent;
    } else {
      const source = createCompressedSource(file, compression, onBytes);
      const quiet = { ...options, onBytes: () => {} };
      const sent = await sendSource({ ...named, ...source }, quiet).finally(source.close);
      if (sent !== undefined) {
        const { bytes, sha256, ...object } = sent;
        return { ...source.original(), ...object, compression, stored: { bytes, sha256 } };
      }
    }
  } finally {
    await file.close();
  }
  // What is there is of another file: nothing of it is of use.
  return await sendFile(path, key, { ...options, isAgain: false });
}
