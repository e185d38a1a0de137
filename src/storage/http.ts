import { Failure } from "../errors.ts";
import type { AgentOptions } from "./agents.ts";
import { retryAfterMs, sizeOutside } from "./headers.ts";
import { expiresAt, redacted } from "./location.ts";
import { atItsEnd, part, unchanged, whole } from "./replies.ts";
import { createGet, type HttpReply } from "./request.ts";
import { type ReadRequest, type Reply, type Storage, Unavailable } from "./types.ts";

/** Bytes that are read of an answer that is an error: enough to find why. */
const MOST_ERROR_BYTES = 4096;

/** Makes the storage of objects at web servers; signed URLs need nothing else. */
export function createHttp(options: AgentOptions = {}): Storage {
  const get = createGet(options);
  return { protocols: ["http:", "https:"], read };

  async function read(url: URL, request: ReadRequest): Promise<Reply> {
    const { start, end, version, stallMs, signal, isTransient } = request;
    const isPart = end !== undefined || (start > 0 && version !== undefined);
    // What is encoded on the way has other lengths and hashes.
    const wanted = { "Accept-Encoding": "identity", "Want-Repr-Digest": "sha-256=10" };
    const headers = { ...wanted, ...conditions(request, isPart) };
    const reply = await get(url, { headers, stallMs, signal, isTransient });
    if (reply.status === 200) return whole(reply);
    if (reply.status === 206 && isPart) return part(reply, request);
    if (reply.status === 304 && request.unless !== undefined) {
      reply.close();
      return unchanged(request.unless);
    }
    if (reply.status === 416 && isPart) return outside(reply, url, request);
    throw await refusal(url, reply);
  }

  /** Nothing is left to be sent, where the object ends there; else it is asked for from its start. */
  async function outside(reply: HttpReply, url: URL, request: ReadRequest): Promise<Reply> {
    reply.close();
    const isEnd = sizeOutside(reply.headers["content-range"]) === request.start;
    return isEnd ? atItsEnd(request) : read(url, { ...request, start: 0, end: undefined });
  }
}

function conditions(
  { start, end, version, unless }: ReadRequest,
  isPart: boolean,
): Record<string, string> {
  const last = end === undefined ? "" : end - 1;
  const range = isPart ? { Range: `bytes=${start}-${last}` } : {};
  const same = isPart && version !== undefined ? { "If-Range": version } : {};
  if (unless === undefined) return { ...range, ...same };
  const isTag = unless.startsWith('"');
  return { ...range, ...same, [isTag ? "If-None-Match" : "If-Modified-Since"]: unless };
}

/** The error for an answer that has no object in it. */
async function refusal(url: URL, reply: HttpReply): Promise<Error> {
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
