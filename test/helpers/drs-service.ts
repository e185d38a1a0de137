import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { makeAuthority } from "./authority.ts";

/** The authority that vouches for the service; undefined where there is no openssl. */
export const authority = makeAuthority();

/** The path of a service's objects. */
export const OBJECTS = "/ga4gh/drs/v1/objects";

/** Starts a DRS service that answers these paths with this JSON; the rest is 404. */
export async function startDrs(answers: (path: string) => unknown) {
  const asked: string[] = [];
  const server = createServer(authority?.right ?? {}, ({ url = "" }, response) => {
    asked.push(url);
    const answer = answers(url);
    if (answer === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": "application/json" });
    response.end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    url: (id: string) => new URL(`drs://localhost:${port}/${id}`),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
