import { lookup, type LookupAddress } from "node:dns";
import { Agent, get as getHttp, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, get as getHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { rootCertificates } from "node:tls";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { redacted } from "./location.ts";
import { Unavailable } from "./types.ts";

/** One GET. */
export interface HttpRequest {
  readonly headers: Readonly<Record<string, string>>;
  /** Time without a byte after which the server has stalled, ms. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
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
/** Options of `createGet`. */
export interface GetOptions {
  /** Certificates of private authorities, PEM, beside those that Node knows. */
  readonly ca?: string | undefined;
  /** Judges each connection; all are fine by default. */
  readonly guard?: HostGuard | undefined;
}

/** Judges hosts on behalf of others. Behind a proxy, which looks names up, only names are judged. */
export interface HostGuard {
  /** True for a host that may be asked: a name, or an address without brackets. */
  mayAsk(host: string): boolean;
  /** True for an address that may be connected to; `host` is its name in the URL. */
  mayReach(address: string, host: string): boolean;
}

/** Asks for a URL. @throws as `createGet` says */
export type Get = (url: URL, request: HttpRequest) => Promise<HttpReply>;

/**
 * Makes the function that asks for a URL and follows redirects, never from https to http. It
 * throws Unavailable where the server cannot be reached, or stalls; Failure UNREACHABLE where another
 * try is of no use: a certificate, a redirect; FORBIDDEN for an address that may not be reached; the
 * signal's reason once it is aborted.
 */
export function createGet({ ca, guard }: GetOptions): Get {
  // Proxies as the environment names them (HTTP_PROXY, HTTPS_PROXY, NO_PROXY).
  const proxyEnv = process.env;
  const guarded = guard === undefined ? {} : { lookup: guardedLookup(guard) };
  const authorities = ca === undefined ? {} : { ca: [...rootCertificates, ca] };
  const agents: Agents = {
    http: new Agent({ keepAlive: true, proxyEnv, ...guarded }),
    https: new TlsAgent({ keepAlive: true, proxyEnv, ...guarded, ...authorities }),
  };

  return async (url, request) => {
    let at = url;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      if (guard !== undefined) checkHost(at, guard);
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

function checkHost({ hostname }: URL, { mayAsk, mayReach }: HostGuard): void {
  const host = bare(hostname);
  // An address is not looked up.
  const isFine = mayAsk(host) && (isIP(host) === 0 || mayReach(host, host));
  if (!isFine) throw refused(host);
}

/** An IPv6 address without its brackets. */
function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

function refused(host: string): Failure {
  return new Failure("FORBIDDEN", `${host} may not be reached from here`);
}

/** A look-up that gives no address which may not be reached; a proxy's own name is not asked about. */
function guardedLookup({ mayReach }: HostGuard): LookupFunction {
  const proxies = new Set(
    ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]
      .map((name) => process.env[name] ?? "")
      .filter((text) => URL.canParse(text))
      .map((text) => new URL(text).hostname),
  );
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const isFine = proxies.has(host) || found.every(({ address }) => mayReach(address, host));
      if (!isFine) return done(refused(host), []);
      if (options.all === true) return done(null, found);
      const [{ address, family }] = found as [LookupAddress];
      done(null, address, family);
    });
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

interface Agents {
  readonly http: Agent;
  readonly https: TlsAgent;
}

function getOnce(
  url: URL,
  { headers, stallMs, signal }: HttpRequest,
  agents: Agents,
): Promise<HttpReply> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<HttpReply>();
  const isTls = url.protocol === "https:";
  const options = { headers, signal, agent: isTls ? agents.https : agents.http };
  const request = (isTls ? getHttps : getHttp)(url, options);
  const stalled = () => new Unavailable(`${redacted(url)}: no byte for ${stallMs} ms`);
  const timer = setTimeout(() => request.destroy(stalled()), stallMs);
  request.on("error", (error) => {
    clearTimeout(timer);
    // A kept connection was closed just before it was used: the server has not seen the request.
    const isStale = request.reusedSocket && errorCode(error) === "ECONNRESET";
    if (isStale) resolve(getOnce(url, { headers, stallMs, signal }, agents));
    else reject(meaningOf(error, url, signal));
  });
  request.on("response", (message) => {
    clearTimeout(timer);
    const close = () => void message.destroy();
    const body = bodyOf(message, url, { stallMs, signal });
    resolve({ status: message.statusCode ?? 0, headers: message.headers, url, body, close });
  });
  return promise;
}

async function* bodyOf(
  message: IncomingMessage,
  url: URL,
  { stallMs, signal }: Omit<HttpRequest, "headers">,
): AsyncGenerator<Uint8Array, void, void> {
  const stalled = () => new Unavailable(`${redacted(url)}: no byte for ${stallMs} ms`);
  const timer = setTimeout(() => message.destroy(stalled()), stallMs);
  try {
    for await (const chunk of message) {
      timer.refresh();
      yield chunk as Uint8Array;
      timer.refresh();
    }
  } catch (error) {
    throw meaningOf(error, url, signal);
  } finally {
    clearTimeout(timer);
    message.destroy();
  }
}

/** Codes that no further try changes: certificates, and addresses that are none. */
const lasting =
  /^(CERT_|ERR_TLS_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_SSL_|ERR_INVALID_URL|HOSTNAME_MISMATCH)/;

function meaningOf(error: unknown, url: URL, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof Unavailable || error instanceof Failure) return error;
  const message = `${redacted(url)}: ${errorMessage(error)}`;
  if (lasting.test(errorCode(error) ?? ""))
    return new Failure("UNREACHABLE", message, { cause: error });
  return new Unavailable(message, { cause: error });
}
