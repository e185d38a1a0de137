import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** An object that is served: its bytes are made when they are asked for. */
export interface Served {
  readonly size: number;
  /** Bytes `start` to `end` (exclusive). */
  readonly bytes: (start: number, end: number) => Uint8Array;
  /** None where it is null. */
  readonly etag?: string | null;
  /** Bytes that are sent at most for one request; all that are asked for by default. */
  readonly most?: number;
  /** Answers the n-th request, from 0, in its own way; false: as a good server does. */
  readonly answer?: (n: number, request: IncomingMessage, response: ServerResponse) => boolean;
}

/** A server on loopback that has one object at any path. */
export interface ObjectServer extends AsyncDisposable {
  /** A URL of it, with a query that is a secret. */
  url(name: string): URL;
  /** The ranges that were asked for: `bytes=0-9`, or an empty text. */
  readonly asked: string[];
  /** Bytes of all answers. */
  sent(): number;
  /** Answers that are neither sent whole nor left by those who asked. */
  open(): number;
  serve(served: Served): void;
}

/** The secret in the URLs' queries. */
export const SECRET = "c0ffee5ec2e7";

/** An object that is in memory. */
export function objectOf(bytes: Uint8Array, more: Partial<Served> = {}): Served {
  return { size: bytes.length, bytes: (start, end) => bytes.subarray(start, end), ...more };
}

/** Starts one. */
export async function startObjects(first: Served): Promise<ObjectServer> {
  let served = first;
  let sent = 0;
  let open = 0;
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(request.headers.range ?? "");
    open += 1;
    response.on("close", () => (open -= 1));
    if (served.answer?.(asked.length - 1, request, response) === true) return;
    sent += answerPart(served, request, response);
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: (name) => new URL(`http://127.0.0.1:${port}/data/${name}?X-Amz-Signature=${SECRET}`),
    asked,
    sent: () => sent,
    open: () => open,
    serve: (next) => void (served = next),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Answers as RFC 9110 says. Returns how many bytes it sends. */
function answerPart(
  { size, bytes, etag = '"v1"', most = Infinity }: Served,
  { headers }: IncomingMessage,
  response: ServerResponse,
): number {
  const tag = etag === null ? {} : { ETag: etag };
  const [, from = "", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
  const isSame = headers["if-range"] === undefined || headers["if-range"] === etag;
  if (from === "" || !isSame) {
    response.writeHead(200, { ...tag, "Content-Length": size }).end(bytes(0, size));
    return size;
  }
  const start = Number(from);
  if (start >= size) {
    response.writeHead(416, { "Content-Range": `bytes */${size}` }).end();
    return 0;
  }
  const end = Math.min(size, to === "" ? size : Number(to) + 1, start + most);
  const range = { "Content-Range": `bytes ${start}-${end - 1}/${size}` };
  response
    .writeHead(206, { ...tag, ...range, "Content-Length": end - start })
    .end(bytes(start, end));
  return end - start;
}
