import { Failure } from "../errors.ts";
import { retryAfterMs } from "./headers.ts";
import { expiresAt, redacted } from "./location.ts";
import type { HttpReply } from "./request.ts";
import { Unavailable } from "./types.ts";

/** Bytes that are read of an answer that is an error: enough to find why. */
const MOST_ERROR_BYTES = 4096;

/** The error for an answer that is none. */
export async function refusal(url: URL, reply: HttpReply): Promise<Error> {
  const { status, headers } = reply;
  const told = await beginningOf(reply);
  const message = `${redacted(url)}: the server answers ${status}`;
  if ([408, 425, 429].includes(status) || status >= 500) {
    const retryMs = retryAfterMs(headers["retry-after"], Date.now());
    return new Unavailable(message, { retryMs });
  }
  if (status === 404 || status === 410) return new Failure("FILE_MISSING", message);
  const isOver = (expiresAt(url) ?? Infinity) <= Date.now() || /expired/i.test(told);
  if ([400, 401, 403].includes(status) && isOver)
    return new Failure("URL_EXPIRED", `${message}: the time of this URL is over`);
  if (status === 401 || status === 403) return new Failure("FORBIDDEN", message);
  return new Failure("UNREACHABLE", message);
}

async function beginningOf({ body, close }: HttpReply): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MOST_ERROR_BYTES) break;
    }
  } catch (error) {
    // The status says enough.
    if (!(error instanceof Unavailable)) throw error;
  } finally {
    close();
  }
  return Buffer.concat(chunks).toString("latin1", 0, MOST_ERROR_BYTES);
}
