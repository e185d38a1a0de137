import type { AgentOptions } from "./agents.ts";
import { sizeOutside } from "./headers.ts";
import { createHttpWrite } from "./http-write.ts";
import { refusal } from "./refusal.ts";
import { atItsEnd, part, unchanged, whole } from "./replies.ts";
import { createGet, type HttpReply } from "./request.ts";
import type { ReadRequest, Reply, Storage } from "./types.ts";

/** Makes the storage of objects at web servers; signed URLs need nothing else. */
export function createHttp(options: AgentOptions = {}): Storage {
  const get = createGet(options);
  return { protocols: ["http:", "https:"], read, write: createHttpWrite(options) };

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
