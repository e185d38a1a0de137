import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
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
  /** Connections that were made so far. */
  connections(): number;
  /** Serves something else from now on. */
  serve(served: Served): void;
}

/** Options of `startServer`. */
export interface ServerOptions {
  /** The name in its URL; it has to lead to 127.0.0.1. */
  readonly host?: string;
  /** Key and certificate, PEM: it serves https then. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

/** Starts one. */
export async function startServer(
  first: Served,
  { host = "127.0.0.1", tls }: ServerOptions = {},
): Promise<FaultyServer> {
  let served = first;
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { range, "if-range": ifRange } = request.headers;
    seen.push({ range, ifRange: typeof ifRange === "string" ? ifRange : undefined });
    if (served.answer?.(seen.length - 1, request, response) !== true)
      answerWell(served, request, response);
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  server.on("connection", (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const scheme = tls === undefined ? "http" : "https";
  return {
    url: new URL(`${scheme}://${host}:${port}/data/orders.csv?X-Amz-Signature=secret`),
    seen,
    connections: () => connections,
    serve: (next) => void (served = next),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The range that is asked for; undefined where none is, or If-Range names what is not served. */
export function asked(
  { body, etag }: Served,
  { headers }: IncomingMessage,
): { readonly start: number; readonly end: number } | undefined {
  const [, from, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  const isSame = headers["if-range"] === undefined || headers["if-range"] === etag;
  if (from === undefined || !isSame) return undefined;
  const end = last === undefined || last === "" ? body.length : Number(last) + 1;
  return { start: Number(from), end: Math.min(end, body.length) };
}

/** Answers as RFC 9110 says: a range with 206, where If-Range is what it has; 304 to If-None-Match. */
export function answerWell(
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { etag } = served;
  if (etag !== undefined && request.headers["if-none-match"] === etag) {
    response.writeHead(304, { ETag: etag }).end();
    return;
  }
  const head = headOf(served, request);
  if (head === undefined) {
    response.writeHead(416, { "Content-Range": `bytes */${served.body.length}` }).end();
    return;
  }
  response.writeHead(head.status, head.headers).end(head.bytes);
}

/** The right answer: its head, and the bytes that follow; undefined where the range lies outside. */
export function headOf(served: Served, request: IncomingMessage) {
  const { body, etag } = served;
  const tag = { "Accept-Ranges": "bytes", ...(etag === undefined ? {} : { ETag: etag }) };
  const range = asked(served, request);
  if (range === undefined)
    return { status: 200, headers: { ...tag, "Content-Length": body.length }, bytes: body };
  const { start, end } = range;
  if (start >= end) return undefined;
  const of = `bytes ${start}-${end - 1}/${body.length}`;
  const headers = { ...tag, "Content-Range": of, "Content-Length": end - start };
  return { status: 206, headers, bytes: body.subarray(start, end) };
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
  served: Served,
  bytes: number,
  request: IncomingMessage,
  response: ServerResponse,
): true {
  const head = headOf(served, request);
  if (head === undefined) {
    answerWell(served, request, response);
    return true;
  }
  response.writeHead(head.status, head.headers);
  response.write(head.bytes.subarray(0, bytes), () => response.destroy());
  return true;
}

/** Sends bytes as they are, whatever HTTP says, and ends the connection; or leaves it open. */
export function sendRaw(
  response: ServerResponse,
  bytes: readonly (string | Buffer)[],
  { isOpen = false }: { readonly isOpen?: boolean } = {},
): true {
  for (const each of bytes) response.socket?.write(each);
  if (!isOpen) response.socket?.end();
  return true;
}
