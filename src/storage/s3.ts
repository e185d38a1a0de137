import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import type { IncomingMessage } from "node:http";
import type { AgentOptions } from "./agents.ts";
import { bodyOf } from "./body.ts";
import { credentialsText, endpointOf, type Endpoints } from "./endpoints.ts";
import { objectOf, redacted } from "./location.ts";
import { atItsEnd, part, unchanged, whole } from "./replies.ts";
import { type Connection, createConnect, isRequest } from "./s3-clients.ts";
import { refusalIn, s3Error } from "./s3-errors.ts";
import { createS3List } from "./s3-list.ts";
import { createS3Write } from "./s3-write.ts";
import { transientBody } from "./tapped-body.ts";
import { type ReadRequest, type Reply, type Storage, Unavailable } from "./types.ts";

/** Options of `createS3`. */
export interface S3Options extends AgentOptions {
  readonly endpoints: Endpoints;
}

/** Makes the storage of objects in buckets, at S3 and what speaks like it. */
export function createS3({ endpoints, ...reach }: S3Options): Storage {
  const connect = createConnect(reach);
  const write = createS3Write(connect, endpoints);
  return { protocols: ["s3:"], read, write, list: createS3List(endpoints, reach) };

  async function read(url: URL, request: ReadRequest): Promise<Reply> {
    const { signal, unless } = request;
    const endpoint = endpointOf(endpoints, objectOf(url).bucket);
    const connection = await connect(endpoint);
    const isPart = isPartial(request);
    try {
      return replyOf(await get(url, request, connection), url, request);
    } catch (error) {
      const refusal = signal.aborted ? undefined : refusalIn(error);
      const { status, size } = refusal ?? {};
      if (status === 304 && unless !== undefined) return unchanged(unless);
      const isAnother = status === 412 && isPart;
      const isOutside = status === 416 && isPart;
      if (isOutside && (size ?? (await sizeNow())) === request.start) return atItsEnd(request);
      if (isAnother || isOutside) return read(url, { ...request, start: 0, end: undefined });
      throw s3Error(error, { url, signal, credentials: credentialsText(endpoint) });
    }

    /** Not every store says the size with the range that lies outside: a HEAD costs less than all of it. */
    async function sizeNow(): Promise<number | undefined> {
      const command = new connection.sdk.HeadObjectCommand(named(url, request.version));
      const head = await answered(url, request, (abortSignal) =>
        connection.client.send(command, { abortSignal }),
      ).catch((error: unknown) => {
        if (refusalIn(error)?.status === 412) return undefined;
        throw s3Error(error, { url, signal, credentials: credentialsText(endpoint) });
      });
      return head?.ContentLength;
    }
  }
}

/** Of no part is it known what it is one of, but where the caller says what it wants, or the version. */
function isPartial({ start, end, version }: ReadRequest): boolean {
  return end !== undefined || (start > 0 && version !== undefined);
}

function named(url: URL, version: string | undefined) {
  const { bucket, key } = objectOf(url);
  return { Bucket: bucket, Key: key, ...(version === undefined ? {} : { IfMatch: version }) };
}

function get(
  url: URL,
  request: ReadRequest,
  { client, sdk }: Connection,
): Promise<GetObjectCommandOutput> {
  const { start, end, version, unless } = request;
  const isPart = isPartial(request);
  const command = new sdk.GetObjectCommand({
    ...named(url, isPart ? version : undefined),
    ...(isPart ? { Range: `bytes=${start}-${end === undefined ? "" : end - 1}` } : {}),
    ...(unless === undefined ? {} : { IfNoneMatch: unless }),
  });
  // As the input's `ChecksumMode` it would have the SDK fold the bytes, which is done where they go.
  // With a part the store's checksum can be that of a part.
  if (!isPart)
    command.middlewareStack.add(
      (next) => (args) => {
        if (isRequest(args.request)) args.request.headers["x-amz-checksum-mode"] = "ENABLED";
        return next(args);
      },
      { step: "build", name: "checksumMode" },
    );
  return answered(url, request, (abortSignal) => client.send(command, { abortSignal }));
}

/** Waits for the beginning of an answer. @throws Unavailable where none comes; what the SDK throws */
async function answered<T>(
  url: URL,
  { stallMs, signal }: ReadRequest,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const stall = new AbortController();
  const stalled = new Unavailable(`${redacted(url)}: no byte for ${stallMs} ms`);
  const timer = setTimeout(() => stall.abort(), stallMs);
  try {
    return await send(AbortSignal.any([signal, stall.signal]));
  } catch (error) {
    throw stall.signal.aborted ? stalled : error;
  } finally {
    clearTimeout(timer);
  }
}

function replyOf(output: GetObjectCommandOutput, url: URL, request: ReadRequest): Reply {
  const status = output.$metadata.httpStatusCode ?? 200;
  const message = output.Body as unknown as IncomingMessage;
  const body = (request.isTransient === true ? transientBody : bodyOf)(message, url, request);
  const close = () => void message.destroy();
  const answer = { status, headers: headersOf(output), url, body, close };
  const reply = status === 206 && isPartial(request) ? part(answer, request) : whole(answer);
  return { ...reply, encoding: encodingIn(output) };
}

/** Those that tell of the bytes. The encoding is not among them: S3 keeps and sends the bytes it was given. */
function headersOf(output: GetObjectCommandOutput): Readonly<Record<string, string>> {
  const { ETag, ContentLength, ContentRange, AcceptRanges, ChecksumSHA256 } = output;
  const headers = {
    etag: ETag,
    "content-length": ContentLength?.toString(),
    "content-range": ContentRange,
    "accept-ranges": AcceptRanges,
    "x-amz-checksum-sha256": ChecksumSHA256,
  };
  const said = Object.entries(headers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(said) as Record<string, string>;
}

/** Some clients leave `aws-chunked`, how it was sent to S3, in what is kept. */
function encodingIn({ ContentEncoding = "" }: GetObjectCommandOutput): string | undefined {
  const encodings = ContentEncoding.split(",").map((each) => each.trim());
  const kept = encodings.filter((each) => !/^(aws-chunked|identity|)$/i.test(each));
  return kept.length === 0 ? undefined : kept.join(", ");
}
