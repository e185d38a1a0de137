import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that went through. */
export interface Recorded {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
}

/** A server that passes requests on to another one, and records them. */
export interface Recorder extends AsyncDisposable {
  readonly url: URL;
  /** In the order of their answers. */
  readonly requests: Recorded[];
}

/** Starts one; `more` gives headers of an answer that the other server does not have. */
export async function startRecorder(
  to: URL,
  more: (request: Recorded) => Readonly<Record<string, string>> = () => ({}),
): Promise<Recorder> {
  const requests: Recorded[] = [];
  const server = createServer((request, response) => {
    const { method = "", url: path = "", headers } = request;
    const passed = send({ host: to.hostname, port: to.port, method, path, headers }, (answer) => {
      const recorded = { method, path, headers, status: answer.statusCode ?? 0 };
      requests.push(recorded);
      response.writeHead(recorded.status, { ...answer.headers, ...more(recorded) });
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
