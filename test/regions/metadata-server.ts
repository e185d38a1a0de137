import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** An instance metadata service, version 2, on loopback. */
export interface MetadataServer extends AsyncDisposable {
  /** Variables that lead to it. */
  readonly env: { readonly AWS_EC2_METADATA_SERVICE_ENDPOINT: string };
  /** Requests so far, `METHOD path`. */
  readonly asked: readonly string[];
}

const PREFIX = "/latest/meta-data/";
const TOKEN = "AQAEAL-token==";

/** Starts one that knows these names; it answers nobody who has no token of it. */
export function startMetadata(names: Readonly<Record<string, string>>): Promise<MetadataServer> {
  return startWith(({ method, url = "", headers }, response) => {
    if (method === "PUT" && url === "/latest/api/token") {
      const hasTtl = /^\d+$/.test(String(headers["x-aws-ec2-metadata-token-ttl-seconds"]));
      response.writeHead(hasTtl ? 200 : 400).end(hasTtl ? TOKEN : "");
      return;
    }
    const isKnown = headers["x-aws-ec2-metadata-token"] === TOKEN;
    const value = url.startsWith(PREFIX) ? names[url.slice(PREFIX.length)] : undefined;
    response.writeHead(isKnown ? (value === undefined ? 404 : 200) : 401).end(value);
  });
}

/** Starts one that never answers. */
export function startSilentMetadata(): Promise<MetadataServer> {
  return startWith(() => {});
}

async function startWith(listener: RequestListener): Promise<MetadataServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: { AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}` },
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
