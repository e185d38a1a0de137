import { ofLength } from "./body.ts";
import { contentRange, digestsIn, versionIn } from "./headers.ts";
import { redacted } from "./location.ts";
import type { HttpReply } from "./request.ts";
import { type ReadRequest, type Reply, Unavailable } from "./types.ts";

/** Chunks of a reply without a byte. */
const nothing = { isUnchanged: false, chunks: none(), close: () => {} };

/** No bytes. */
export async function* none(): AsyncGenerator<Uint8Array, void, void> {}

/** All of an object, as an answer 200 has it. */
export function whole({ headers, body, close }: HttpReply): Reply {
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

/** The answer that the version of `unless` is still there. */
export function unchanged(version: string): Reply {
  const known = { size: undefined, version, offered: {}, encoding: undefined, hasRanges: false };
  return { start: 0, ...known, ...nothing, isUnchanged: true };
}

/** Nothing: the object ends where the read was to start. */
export function atItsEnd({ start, version }: ReadRequest): Reply {
  const known = { size: start, version, offered: {}, encoding: undefined, hasRanges: true };
  return { start, ...known, ...nothing };
}

/** A part of an object, as an answer 206 has it. @throws Unavailable where it is not the one that was asked for */
export function part(reply: HttpReply, { start, end, version }: ReadRequest): Reply {
  const { headers, body, url, close } = reply;
  const range = contentRange(headers["content-range"]);
  const found = versionIn(headers);
  const isSame = version === undefined || found === undefined || found === version;
  const isLonger = range !== undefined && end !== undefined && range.end >= end;
  if (range?.start !== start || isLonger || !isSame || encodingIn(headers) !== undefined) {
    close();
    throw new Unavailable(`${redacted(url)}: another part was sent than was asked for`, {
      isOther: true,
    });
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

function sizeIn(headers: HttpReply["headers"]): number | undefined {
  const { "content-length": length } = headers;
  return length === undefined || !/^\d+$/.test(length) ? undefined : Number(length);
}

function encodingIn({
  "content-encoding": encoding = "identity",
}: HttpReply["headers"]): string | undefined {
  return /^(identity|)$/i.test(encoding.trim()) ? undefined : encoding;
}
