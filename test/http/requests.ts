import { connect, type Socket } from "node:net";

/** A server's answer, as it came. */
export interface Raw {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Opens a connection to `http://host:port` or `unix:/path`. */
export function connectTo(url: string): Socket {
  if (url.startsWith("unix:")) return connect(url.slice("unix:".length));
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname.replace(/^\[(.*)\]$/, "$1"));
}

/** Resolves with everything that comes until the other side ends. */
export function untilEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** Sends bytes as they are and reads the one answer; the server ends the connection. */
export async function send(url: string, text: string): Promise<Raw> {
  const socket = connectTo(url);
  const answer = untilEnd(socket);
  socket.write(text);
  return parsed(await answer);
}

/** Asks for a path, with these headers instead of what a client would say. */
export function ask(
  url: string,
  path: string,
  {
    method = "GET",
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Raw> {
  return send(url, requestOf(path, headers, method));
}

/** A request without a body, as it is sent. */
export function requestOf(
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): string {
  const all = { Host: "localhost", Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

function parsed(text: string): Raw {
  const [head = "", ...rest] = text.split("\r\n\r\n");
  const [first = "", ...lines] = head.split("\r\n");
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return {
    status: Number(first.split(" ")[1]),
    headers: new Map(headers),
    body: rest.join("\r\n\r\n"),
  };
}
