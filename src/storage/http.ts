import { Failure } from "../errors.ts";
import { contentRange, digestsIn, retryAfterMs, sizeOutside, versionIn } from "./headers.ts";
import { expiresAt, redacted } from "./location.ts";
import { get, type HttpReply } from "./request.ts";
import { type ReadRequest, type Reply, type Storage, Unavailable } from "./types.ts";

/** Bytes that are read of an answer that is an error: enough to find why. */
const MOST_ERROR_BYTES = 4096;

/** Objects at web servers; signed URLs need nothing else. */
export const http: Storage = { protocols: ["http:", "https:"], read };

async function read(url: URL, request: ReadRequest): Promise<Reply> {
  const { start, version, stallMs, signal } = request;
  const isPart = start > 0 && version !== undefined;
  const range = isPart ? { Range: `bytes=${start}-`, "If-Range": version } : {};
  // What is encoded on the way has other lengths and hashes.
  const headers = { "Accept-Encoding": "identity", "Want-Repr-Digest": "sha-256=10", ...range };
  const reply = await get(url, { headers, stallMs, signal });
  if (reply.status === 200) return whole(reply);
  if (reply.status === 206 && isPart) return part(reply, start, version);
  if (reply.status === 416 && isPart) return outside(reply, url, request);
  throw await refusal(url, reply);
}

function whole({ headers, body }: HttpReply): Reply {
  const encoding = encodingIn(headers);
  return {
    start: 0,
    size: sizeIn(headers),
    // Of what is encoded no part can be asked for: it need not be encoded alike.
    version: encoding === undefined ? versionIn(headers) : undefined,
    offered: encoding === undefined ? digestsIn(headers, true) : {},
    encoding,
    chunks: body,
  };
}

/** A part is used only where it says to be the one that was asked for. */
function part(reply: HttpReply, start: number, version: string): Reply {
  const { headers, body, url } = reply;
  const range = contentRange(headers["content-range"]);
  const isSame = (versionIn(headers) ?? version) === version;
  if (range?.start !== start || !isSame || encodingIn(headers) !== undefined) {
    reply.close();
    throw new Unavailable(`${redacted(url)}: another part was sent than was asked for`);
  }
  const length = range.end - start + 1;
  const chunks = ofLength(body, length, url);
  return {
    start,
    size: range.size,
    version,
    offered: digestsIn(headers, false),
    encoding: undefined,
    chunks,
  };
}

/** Nothing is left to be sent, where the object ends there; else it is asked for from its start. */
function outside({ headers, close }: HttpReply, url: URL, request: ReadRequest): Promise<Reply> {
  close();
  const { start, version } = request;
  const size = sizeOutside(headers["content-range"]);
  if (size !== start) return read(url, { ...request, start: 0 });
  const nothing = { offered: {}, encoding: undefined, chunks: none() };
  return Promise.resolve({ start, size, version, ...nothing });
}

async function* none(): AsyncGenerator<Uint8Array, void, void> {}

/** Ends with an error where more comes than the part said to have. */
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
