import type { IncomingHttpHeaders } from "node:http";
import { errorCode, Failure } from "../errors.ts";
import { http, https } from "../system/web.ts";
import { type AgentOptions, type Agents, checkHost, createAgents } from "./agents.ts";
import { bodyOf, meaningOf } from "./body.ts";
import { redacted } from "./location.ts";
import { transientBody } from "./tapped-body.ts";
import { Unavailable } from "./types.ts";

/** One GET. */
export interface HttpRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Time without a byte after which the server has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
  /** True where a chunk is worked off before the next one is asked for: its memory is used again then. */
  readonly isTransient?: boolean | undefined;
}

/** Its answer. */
export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The URL that redirects led to. */
  readonly url: URL;
  /** The bytes as they were sent. @throws Unavailable; the signal's reason once it is aborted */
  readonly body: AsyncIterable<Uint8Array>;
  /** Ends it without reading the rest. */
  close(): void;
}

const MOST_REDIRECTS = 10;

/** Asks for a URL. @throws as `createGet` says */
export type Get = (url: URL, request: HttpRequest) => Promise<HttpReply>;

/**
 * Makes the function that asks for a URL and follows redirects, never from https to http. It
 * throws Unavailable where the server cannot be reached, or stalls; Failure UNREACHABLE where another
 * try is of no use: a certificate, a redirect; FORBIDDEN for an address that may not be reached; the
 * signal's reason once it is aborted.
 */
export function createGet(options: AgentOptions): Get {
  const agents = createAgents(options);

  return async (url, request) => {
    let at = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      checkHost(at, options.guard);
      const reply = await getOnce(at, request, agents);
      const { location } = reply.headers;
      if (![301, 302, 303, 307, 308].includes(reply.status) || location === undefined) return reply;
      reply.close();
      at = redirectedTo(at, location);
    }
    throw new Failure(
      "UNREACHABLE",
      `${redacted(url)} leads to more than ${MOST_REDIRECTS} others`,
    );
  };
}

function redirectedTo(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const isHttp = to?.protocol === "https:" || to?.protocol === "http:";
  if (to === undefined || !isHttp)
    throw new Failure("UNREACHABLE", `${redacted(from)} leads to what is no web address`);
  if (from.protocol === "https:" && to.protocol !== "https:")
    throw new Failure("FORBIDDEN", `${redacted(from)} leads from https to ${redacted(to)}`);
  return to;
}

function getOnce(url: URL, asked: HttpRequest, agents: Agents): Promise<HttpReply> {
  const { headers, stallMs, signal, isTransient = false } = asked;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const isTls = url.protocol === "https:";
  const { http: plain, https: secure } = isTransient ? agents.transient : agents;
  const request = (isTls ? https : http).get(url, {
    headers,
    agent: isTls ? secure : plain,
  });
  const stalled = () => new Unavailable(`${redacted(url)}: no byte for ${stallMs} ms`);
  const timer = setTimeout(() => request.destroy(stalled()), stallMs);
  // Not by Node: a signal that comes while a body ends has its socket fail where nobody listens.
  let stop = () => void request.destroy();
  const stopped = () => stop();
  signal.addEventListener("abort", stopped);
  request.on("close", () => signal.removeEventListener("abort", stopped));
  request.on("error", (error) => {
    clearTimeout(timer);
    // A kept connection was closed just before it was used: the server has not seen the request.
    const isStale = request.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(errorCode(error) ?? "");
    if (isStale && !isAnswered && !signal.aborted) resolve(getOnce(url, asked, agents));
    else reject(meaningOf(error, url, signal));
  });
  request.on("upgrade", (_, socket) => {
    clearTimeout(timer);
    socket.destroy();
    reject(new Failure("UNREACHABLE", `${redacted(url)}: the server answers 101`));
  });
  let isAnswered = false;
  request.on("response", (message) => {
    clearTimeout(timer);
    isAnswered = true;
    const close = () => void message.destroy();
    stop = close;
    // Who reads it is told.
    message.on("error", () => {});
    const body = isTransient
      ? transientBody(message, url, { stallMs, signal })
      : bodyOf(message, url, { stallMs, signal });
    resolve({ status: message.statusCode ?? 0, headers: message.headers, url, body, close });
  });
  return promise;
}
