import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { errorJson } from "./errors.ts";
import { type GuardOptions, refusalOf, SECURITY_HEADERS } from "./guard.ts";

/** Answers a request that passed the guard. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** Connections at a time: a person with a few pages open, and a Prometheus. */
const MOST_CONNECTIONS = 64;
/** Bytes of a request's first line and headers. */
const MOST_HEAD = 8 * 1024;
const MOST_REQUESTS_PER_CONNECTION = 1000;
const HEAD_MS = 5000;
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 5000;
/** Time limits of a connection: without a byte, and for reading one answer. */
const IDLE_MS = 15_000;
const ANSWER_MS = 60_000;
const LOOK_MS = 1000;

/** Creates an HTTP server that nobody can hold up for long. It does not listen yet. */
export function createGuardedServer(fetch: Fetch, guard: GuardOptions): Server {
  const answer = getRequestListener(fetch, {
    hostname: "localhost",
    overrideGlobalObjects: false,
  });
  /** The answer that was begun last on each connection. */
  const answering = new WeakMap<Socket, ServerResponse>();
  const ending = new WeakSet<Socket>();
  const server = createServer(
    {
      maxHeaderSize: MOST_HEAD,
      headersTimeout: HEAD_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LOOK_MS,
      // The guard answers those.
      requireHostHeader: false,
    },
    onRequest,
  );
  server.maxConnections = MOST_CONNECTIONS;
  server.maxRequestsPerSocket = MOST_REQUESTS_PER_CONNECTION;
  server.setTimeout(IDLE_MS);
  server.on("clientError", onClientError);
  // Without these, Node would answer in ways of its own.
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", onRequest);
  return server;

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const before = answering.get(socket);
    // No browser or scraper sends a request before the one before it is answered. Who does could
    // have a thousand begun at once with one packet; HTTP lets us end the connection instead.
    if (before?.writableEnded === false) {
      if (!ending.has(socket)) before.once("close", () => socket.end());
      ending.add(socket);
      return;
    }
    answering.set(socket, response);
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const tooLong = setTimeout(() => socket.destroy(), ANSWER_MS);
    response.on("close", () => clearTimeout(tooLong));
    const refusal = refusalOf(request, guard);
    if (refusal === undefined) return void answer(request, response);
    const { status, ...said } = refusal;
    const body = errorJson(said);
    // What may follow such a request is not read.
    response.writeHead(status, {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
      Connection: "close",
      ...(status === 405 ? { Allow: "GET, HEAD" } : {}),
    });
    response.end(body);
  }
}

const statuses: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, "Request Header Fields Too Large"],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "Request Timeout"],
};

/** Answers a request that is not HTTP, too large or too slow, and ends the connection. */
function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const [status, text] = statuses[error.code ?? ""] ?? [400, "Bad Request"];
  const body = errorJson({ code: "REQUEST_INVALID", message: text.toLowerCase() });
  const headers = {
    ...SECURITY_HEADERS,
    "Content-Type": "application/json",
    "Content-Length": String(Buffer.byteLength(body)),
    Connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${text}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
}
