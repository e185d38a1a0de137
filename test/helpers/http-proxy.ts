import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request on its way to a store. */
export interface Passing {
  readonly method: string;
  /** `/bucket/key`, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
}

/** An answer that the store does not give, with S3's word for it. */
export interface Refused {
  readonly status: number;
  readonly word: string;
  /** In place of an error. */
  readonly body?: string;
}

/** Answers in place of the store; undefined lets a request go on to it. */
export type OnRequest = (passing: Passing) => Refused | undefined | Promise<Refused | undefined>;

/** A request that came, and how far it is. */
export interface Came extends Passing {
  /** The answer's, once its client has it. */
  status: number | undefined;
}

/** Stands before a store on loopback, and sees each request. */
export interface HttpProxy extends AsyncDisposable {
  readonly url: URL;
  /** Requests so far. */
  readonly came: readonly Came[];
}

/** Starts one. */
export async function startHttpProxy(to: URL, onRequest: OnRequest): Promise<HttpProxy> {
  const came: Came[] = [];
  const server = createServer((near, response) => {
    const { pathname, searchParams: query } = new URL(near.url ?? "/", to);
    const { method = "", headers } = near;
    const passing = { method, path: decodeURIComponent(pathname), query, headers };
    const each: Came = { ...passing, status: undefined };
    came.push(each);
    response.on("finish", () => void (each.status = response.statusCode));
    near.on("error", () => undefined);
    void Promise.resolve(onRequest(passing)).then((refused) =>
      refused === undefined ? passOn(near, response, to) : refuse(near, response, refused),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    came,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends a request on; what was signed stays as it is, the name of the host too. */
function passOn(near: IncomingMessage, response: ServerResponse, to: URL): void {
  const { method, headers, url: path } = near;
  const far = request(
    { host: to.hostname, port: to.port, method, path, headers, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.on("error", () => response.destroy()).pipe(response);
    },
  );
  far.on("error", () => response.destroy());
  response.on("close", () => far.destroy());
  near.pipe(far);
}

function refuse(
  near: IncomingMessage,
  response: ServerResponse,
  { status, word, body = `<Error><Code>${word}</Code></Error>` }: Refused,
): void {
  near.resume().on("end", () => {
    response.writeHead(status, { "Content-Type": "application/xml" });
    response.end(`<?xml version="1.0"?>${body}`);
  });
}
