import type { IncomingMessage } from "node:http";

/**
 * Headers of every answer: nothing from elsewhere is loaded, and nothing is framed, sniffed or
 * kept.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; " +
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cache-Control": "no-store",
};

/** The reason why a request is refused. */
export interface Refusal {
  readonly status: 400 | 405 | 413 | 421;
  readonly code: string;
  readonly message: string;
}

/** The addresses that requests may have. */
export interface GuardOptions {
  /** True on a unix socket: no page in a browser can open it. */
  readonly isUnix: boolean;
  /** Names that requests may use, in any case, besides localhost and addresses. */
  readonly hosts: readonly string[];
}

/**
 * Judges a request by its head; undefined where it may go on. A name in `Host` that is not ours
 * means that a stranger's page had its own name lead to us (DNS rebinding). With the visitor's
 * browser it would read what only this machine may.
 */
export function refusalOf(
  { method = "", headers }: Pick<IncomingMessage, "method" | "headers">,
  { isUnix, hosts }: GuardOptions,
): Refusal | undefined {
  if (method !== "GET" && method !== "HEAD") {
    return refusal(405, "METHOD_NOT_ALLOWED", "GET and HEAD only: nothing can be changed here");
  }
  if ("transfer-encoding" in headers || Number(headers["content-length"] ?? 0) !== 0) {
    return refusal(413, "BODY_REFUSED", "requests have no body here");
  }
  if (isUnix) return undefined;
  const name = hostNameIn(headers.host ?? "");
  if (name === undefined) return refusal(400, "HOST_INVALID", "the Host header is not valid");
  const isOurs =
    isAddress(name) || name === "localhost" || hosts.some((each) => isSame(each, name));
  const message = `this server is not known as ${name}: add that to http.hosts`;
  return isOurs ? undefined : refusal(421, "HOST_UNKNOWN", message);
}

function refusal(status: Refusal["status"], code: string, message: string): Refusal {
  return { status, code, message };
}

/** The name in `name:port`, in lower case; an IPv6 address keeps its brackets. */
function hostNameIn(host: string): string | undefined {
  return /^(\[[\da-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase();
}

function isAddress(name: string): boolean {
  return name.startsWith("[") || /^\d{1,3}(\.\d{1,3}){3}$/.test(name);
}

function isSame(one: string, name: string): boolean {
  return one.toLowerCase() === name;
}
