import { createHash } from "node:crypto";
import type { SendOptions, Sent } from "./sending.ts";
import { sendSource } from "./send-source.ts";
import { openSource } from "./source-file.ts";

/**
 * Sends a file; its hash is computed while it is read, once.
 * @throws Failure FILE_CHANGED, FILE_UNREADABLE, and what the bucket says
 */
export async function sendFile(path: string, key: string, options: SendOptions): Promise<Sent> {
  const file = await openSource(path);
  try {
    const { size } = file;
    const source = { name: path, key, most: size, sha256: createHash("sha256"), ...file };
    const sent = await sendSource(source, options);
    // What is there is of another file: nothing of it is of use.
    return sent ?? (await sendFile(path, key, { ...options, isAgain: false }));
  } finally {
    await file.close();
  }
}
