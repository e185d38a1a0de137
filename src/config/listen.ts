/** The address of a server: TCP, or a unix socket. */
export type ListenAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

/** The message for an invalid address. */
export const LISTEN =
  "use host:port, such as 127.0.0.1:9464 or [::1]:9464, or the absolute path of a unix socket";

/** Bytes of a socket's path, at most: the room that the system has. */
const LONGEST_PATH = 107;

/** Reads `host:port`, `[IPv6]:port` or an absolute path; undefined when it is none of them. */
export function listenAddress(text: string): ListenAddress | undefined {
  if (text.startsWith("/")) return isSocketPath(text) ? { path: text } : undefined;
  const [, address, name, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = address ?? name;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** True when only this machine can reach the address. */
export function isLocal(address: ListenAddress): boolean {
  if ("path" in address) return true;
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(address.host);
}

function isSocketPath(path: string): boolean {
  return !path.endsWith("/") && !path.includes("\0") && Buffer.byteLength(path) <= LONGEST_PATH;
}
