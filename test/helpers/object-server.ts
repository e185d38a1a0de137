import { createHash } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";

/** A server of objects on loopback, as a good store is: ETags, ranges, conditional requests. */
export interface ObjectServer extends AsyncDisposable {
  /** Objects by name; they may be changed at any time. */
  readonly objects: Map<string, Buffer>;
  /** The signed URL of an object: each has another signature. */
  url(name: string): string;
  /** Answers all requests for a name, or with one signed URL, with a status from now on. */
  refuse(nameOrUrl: string, status: number | undefined): void;
  /** Requests so far: status and name. */
  readonly requests: string[];
  /** Bytes of objects that were sent. */
  readonly sent: () => number;
  /** Holds back answers from now on, after this many bytes of each; undefined lets all go on. */
  holdBackAfter(bytes: number | undefined): void;
  /** Resolves once a request is held back. */
  readonly heldBack: () => Promise<void>;
}

/** The secret in each signed URL. */
export const SECRET = "a-signature-nobody-may-see";

/** Starts one. */
export async function startObjectServer(
  objects: Readonly<Record<string, Buffer | string>>,
): Promise<ObjectServer> {
  const known = new Map(Object.entries(objects).map(([name, body]) => [name, Buffer.from(body)]));
  const refused = new Map<string, number>();
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let sent = 0;
  let signed = 0;
  let mostBytes: number | undefined;
  let waiting: (() => void)[] = [];
  let held = Promise.withResolvers<void>();

  const server = createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url ?? "", "http://x").pathname.slice(1));
    const body = known.get(name);
    const answer = (status: number, headers: Record<string, string | number> = {}) => {
      requests.push(`${status} ${name}`);
      response.writeHead(status, headers);
    };
    const status = refused.get(name) ?? refused.get(`http://${request.headers.host}${request.url}`);
    if (status !== undefined) return void (answer(status), response.end());
    if (request.method === "PUT") {
      void buffer(request).then((sent) => {
        known.set(name, sent);
        answer(201);
        response.end();
      });
      return;
    }
    if (body === undefined) return void (answer(404), response.end());
    const etag = `"${createHash("md5").update(body).digest("hex")}"`;
    const { range, "if-range": ifRange, "if-none-match": ifNoneMatch } = request.headers;
    if (ifNoneMatch === etag) return void (answer(304, { ETag: etag }), response.end());
    const found = /^bytes=(\d+)-(\d*)$/.exec(range ?? "");
    const isPart = found !== null && (ifRange === undefined || ifRange === etag);
    const from = isPart ? Number(found[1]) : 0;
    const to =
      isPart && found[2] !== "" ? Math.min(Number(found[2]) + 1, body.length) : body.length;
    const shared = { ETag: etag, "Accept-Ranges": "bytes", "Content-Length": to - from };
    if (isPart)
      answer(206, { ...shared, "Content-Range": `bytes ${from}-${to - 1}/${body.length}` });
    else answer(200, shared);
    send(response, body.subarray(from, to));
  });

  function send(response: ServerResponse, body: Buffer): void {
    const now = mostBytes === undefined ? body : body.subarray(0, mostBytes);
    sent += now.length;
    response.write(now);
    const rest = body.subarray(now.length);
    const goOn = () => {
      sent += rest.length;
      response.end(rest);
    };
    if (rest.length === 0) return void response.end();
    waiting.push(goOn);
    held.resolve();
  }

  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("error", () => undefined);
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    objects: known,
    url(name) {
      signed += 1;
      const path = name.split("/").map(encodeURIComponent).join("/");
      return `http://127.0.0.1:${port}/${path}?X-Amz-Date=${signed}&X-Amz-Signature=${SECRET}`;
    },
    refuse: (what, status) =>
      void (status === undefined ? refused.delete(what) : refused.set(what, status)),
    requests,
    sent: () => sent,
    holdBackAfter(bytes) {
      mostBytes = bytes;
      held = Promise.withResolvers<void>();
      if (bytes !== undefined) return;
      const all = waiting;
      waiting = [];
      for (const goOn of all) goOn();
    },
    heldBack: () => held.promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
