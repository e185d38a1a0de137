import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as the server saw it. */
export interface Seen {
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** The server's content, and its faults. */
export interface Served {
  readonly body: Buffer;
  readonly etag?: string;
  /** Answers the n-th request, from 0, in its own way; false: as a good server does. */
  readonly answer?:
    | ((n: number, request: IncomingMessage, response: ServerResponse) => boolean)
    | undefined;
}

/** A server on loopback. */
export interface FaultyServer extends AsyncDisposable {
  readonly url: URL;
  readonly seen: readonly Seen[];
  /** Serves something else from now on. */
  serve(served: Served): void;
}

/** Starts one. */
export async function startServer(first: Served): Promise<FaultyServer> {
  let served = first;
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const { range, "if-range": ifRange } = request.headers;
    seen.push({ range, ifRange: typeof ifRange === "string" ? ifRange : undefined });
    if (served.answer?.(seen.length - 1, request, response) !== true)
      answerWell(served, request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/data/orders.csv?X-Amz-Signature=secret`),
    seen,
    serve: (next) => void (served = next),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers as RFC 9110 says: a range with 206, where If-Range is what it has; 304 to If-None-Match. */
export function answerWell(
  { body, etag }: Served,
  { headers }: IncomingMessage,
  response: ServerResponse,
): void {
  const tag = etag === undefined ? {} : { ETag: etag };
  if (etag !== undefined && headers["if-none-match"] === etag) {
    response.writeHead(304, tag).end();
    return;
  }
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  const isSame = headers["if-range"] === undefined || headers["if-range"] === etag;
  if (from === undefined || !isSame) {
    response.writeHead(200, { ...tag, "Content-Length": body.length }).end(body);
    return;
  }
  const start = Number(from);
  if (start >= body.length) {
    response.writeHead(416, { "Content-Range": `bytes */${body.length}` }).end();
    return;
  }
  const end = to === undefined || to === "" ? body.length : Math.min(Number(to) + 1, body.length);
  const range = `bytes ${start}-${end - 1}/${body.length}`;
  const rest = body.subarray(start, end);
  response
    .writeHead(206, { ...tag, "Content-Range": range, "Content-Length": rest.length })
    .end(rest);
}

/** Sends the head of a whole answer and some bytes of it, then cuts the connection. */
export function cutAfter({ body, etag }: Served, bytes: number, response: ServerResponse): true {
  const tag = etag === undefined ? {} : { ETag: etag };
  response.writeHead(200, { ...tag, "Content-Length": body.length });
  response.write(body.subarray(0, bytes), () => response.destroy());
  return true;
}

/** The same for the part that was asked for. */
export function cutPartAfter(
  { body, etag = "" }: Served,
  bytes: number,
  request: IncomingMessage,
  response: ServerResponse,
): true {
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "bytes=0-")?.[1]);
  const range = { "Content-Range": `bytes ${start}-${body.length - 1}/${body.length}` };
  const length = { "Content-Length": body.length - start };
  response.writeHead(start === 0 ? 200 : 206, {
    ETag: etag,
    ...length,
    ...(start === 0 ? {} : range),
  });
  response.write(body.subarray(start, start + bytes), () => response.destroy());
  return true;
}
