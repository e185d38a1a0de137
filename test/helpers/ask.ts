import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, where it is JSON; tests look into it as they please. */
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly json: any;
}

/** A request. */
export interface Question {
  readonly method: string;
  readonly path: string;
  /** Sent as it is where it is text, else as JSON. */
  readonly body?: unknown;
  readonly headers?: object | undefined;
}

/** Asks a server at `http://…` or `unix:/path`. */
export async function ask(
  url: string,
  { method, path, body, headers = {} }: Question,
): Promise<Answer> {
  const address = url.startsWith("unix:")
    ? { socketPath: url.slice("unix:".length) }
    : { host: new URL(url).hostname, port: new URL(url).port };
  const payload = typeof body === "string" ? body : JSON.stringify(body);
  const length = body === undefined ? {} : { "Content-Length": Buffer.byteLength(payload) };
  const type = { "Content-Type": "application/json" };
  const options = { ...address, method, path, agent: false };
  const asking = request({ ...options, headers: { ...type, ...length, ...headers } });
  asking.end(body === undefined ? undefined : payload);
  const [response] = (await once(asking, "response")) as [IncomingMessage];
  // An answer can come before the whole body was sent.
  asking.on("error", () => undefined);
  const answer = await text(response);
  const isJson = /json/.test(response.headers["content-type"] ?? "");
  const json: unknown = isJson ? JSON.parse(answer) : undefined;
  return { status: response.statusCode ?? 0, headers: response.headers, text: answer, json };
}
