import { Failure } from "../errors.ts";
import { contentRange, digestsIn, retryAfterMs, sizeOutside, versionIn } from "./headers.ts";
import { expiresAt, redacted } from "./location.ts";
import { createGet, type GetOptions, type HttpReply } from "./request.ts";
import { type ReadRequest, type Reply, type Storage, Unavailable } from "./types.ts";

/** Bytes that are read of an answer that is an error: enough to find why. */
const MOST_ERROR_BYTES = 4096;

/** Makes the storage of objects at web servers; signed URLs need nothing else. */
export function createHttp(options: GetOptions): Storage {
  const get = createGet(options);
  return { protocols: ["http:", "https:"], read };

  async function read(url: URL, request: ReadRequest): Promise<Reply> {
    const { start, end, version, stallMs, signal } = request;
    const isPart = end !== undefined || (start > 0 && version !== undefined);
    // What is encoded on the way has other lengths and hashes.
    const wanted = { "Accept-Encoding": "identity", "Want-Repr-Digest": "sha-256=10" };
    const headers = { ...wanted, ...conditions(request, isPart) };
    const reply = await get(url, { headers, stallMs, signal });
    if (reply.status === 200) return whole(reply);
    if (reply.status === 206 && isPart) return part(reply, request);
    if (reply.status === 304 && request.unless !== undefined)
      return unchanged(reply, request.unless);
    if (reply.status === 416 && isPart) return outside(reply, url, request);
    throw await refusal(url, reply);
  }

  /** Nothing is left to be sent, where the object ends there; else it is asked for from its start. */
  function outside({ headers, close }: HttpReply, url: URL, request: ReadRequest): Promise<Reply> {
    close();
    const { start, version } = request;
    const size = sizeOutside(headers["content-range"]);
    if (size !== start) return read(url, { ...request, start: 0, end: undefined });
    const known = { size, version, offered: {}, encoding: undefined, hasRanges: true };
    return Promise.resolve({ start, ...known, ...nothing });
  }
}

/** What a reply without a byte has. */
const nothing = { isUnchanged: false, chunks: none(), close: () => {} };

async function* none(): AsyncGenerator<Uint8Array, void, void> {}

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

function whole({ headers, body, close }: HttpReply): Reply {
  const encoding = encodingIn(headers);
  return {
    start: 0,
    isUnchanged: false,
    hasRanges: encoding === undefined && /\bbytes\b/i.test(headers["accept-ranges"] ?? ""),
    size: sizeIn(headers),
    // Of what is encoded no part can be asked for: it need not be encoded alike.
    version: encoding === undefined ? versionIn(headers) : undefined,
    offered: encoding === undefined ? digestsIn(headers, true) : {},
    encoding,
    chunks: body,
    close,
  };
}

function unchanged({ close }: HttpReply, version: string): Reply {
  close();
  const known = { size: undefined, version, offered: {}, encoding: undefined, hasRanges: false };
  return { start: 0, ...known, ...nothing, isUnchanged: true };
}

/** A part is used only where it says to be the one that was asked for. */
function part(reply: HttpReply, { start, end, version }: ReadRequest): Reply {
  const { headers, body, url, close } = reply;
  const range = contentRange(headers["content-range"]);
  const found = versionIn(headers);
  const isSame = version === undefined || found === undefined || found === version;
  const isLonger = range !== undefined && end !== undefined && range.end >= end;
  if (range?.start !== start || isLonger || !isSame || encodingIn(headers) !== undefined) {
    close();
    throw new Unavailable(`${redacted(url)}: another part was sent than was asked for`);
  }
  return {
    start,
    isUnchanged: false,
    hasRanges: true,
    size: range.size,
    version: version ?? found,
    offered: digestsIn(headers, false),
    encoding: undefined,
    chunks: ofLength(body, range.end - start + 1, url),
    close,
  };
}

/** Ends with an error where more or less comes than the part said to have. */
async function* ofLength(
  body: AsyncIterable<Uint8Array>,
  length: number,
  url: URL,
): AsyncGenerator<Uint8Array, void, void> {
  let left = length;
  for await (const chunk of body) {
    if (chunk.length > left) throw new Unavailable(`${redacted(url)}: more was sent than was said`);
    left -= chunk.length;
    yield chunk;
  }
  if (left > 0)
    throw new Unavailable(`${redacted(url)}: it broke off ${left} bytes before its end`);
}

function sizeIn(headers: HttpReply["headers"]): number | undefined {
  const { "content-length": length } = headers;
  return length === undefined || !/^\d+$/.test(length) ? undefined : Number(length);
}

function encodingIn({
  "content-encoding": encoding = "identity",
}: HttpReply["headers"]): string | undefined {
  return /^(identity|)$/i.test(encoding.trim()) ? undefined : encoding;
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
