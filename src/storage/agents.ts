import { lookup, type LookupAddress } from "node:dns";
import type { Agent } from "node:http";
import type { Agent as TlsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { Failure } from "../errors.ts";
import { http, https } from "../system/web.ts";
import { tapped } from "./tapped-agent.ts";

/** Options of `createAgents`. */
export interface AgentOptions {
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

/** Agents, which keep connections for the next request. */
export interface Agents {
  readonly http: Agent;
  readonly https: TlsAgent;
  /** For what may be worked off chunk by chunk. */
  readonly transient: { readonly http: Agent; readonly https: TlsAgent };
}

/** Makes them, with the proxies that the environment names (HTTP_PROXY, HTTPS_PROXY, NO_PROXY). */
export function createAgents({ ca, guard }: AgentOptions): Agents {
  const proxyEnv = process.env;
  const guarded = guard === undefined ? {} : { lookup: guardedLookup(guard) };
  const options = { keepAlive: true, proxyEnv, ...guarded };
  const context = contextOf(ca);
  const both = () => ({
    http: new http.Agent(options),
    https: withContext(new https.Agent(options), context),
  });
  const transient = both();
  return {
    ...both(),
    transient: { http: tapped(transient.http), https: tapped(transient.https) },
  };
}

/** Makes what all connections share of their authorities, once it is asked for: it takes 4 MB. */
function contextOf(ca: string | undefined): () => SecureContext {
  let context: SecureContext | undefined;
  return () =>
    (context ??= createSecureContext(ca === undefined ? {} : { ca: [...rootCertificates, ca] }));
}

function withContext(agent: TlsAgent, context: () => SecureContext): TlsAgent {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (to, done) =>
    create({ ...to, secureContext: context() } as typeof to, done);
  return agent;
}

/** Checks the host of a URL, which the agents do not know: an address is not looked up. @throws Failure FORBIDDEN */
export function checkHost(
  { hostname }: { readonly hostname: string },
  guard: HostGuard | undefined,
): void {
  if (guard === undefined) return;
  const host = bare(hostname);
  // The addresses of a proxy are not judged: who asks for its host has to be allowed by name.
  const address = proxies().has(host) ? "0.0.0.0" : host;
  const isFine = guard.mayAsk(host) && (isIP(address) === 0 || guard.mayReach(address, host));
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
  const known = proxies();
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, []);
      const isFine = known.has(host) || found.every(({ address }) => mayReach(address, host));
      if (!isFine) return done(refused(host), []);
      if (options.all === true) return done(null, found);
      const [{ address, family }] = found as [LookupAddress];
      done(null, address, family);
    });
  };
}

/** Hosts of the proxies that the environment names. */
function proxies(): ReadonlySet<string> {
  return new Set(
    ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"]
      .map((name) => process.env[name] ?? "")
      .filter((text) => URL.canParse(text))
      .map((text) => bare(new URL(text).hostname)),
  );
}
