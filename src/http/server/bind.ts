import { once } from "node:events";
import { chmodSync, existsSync, lstatSync, unlinkSync } from "node:fs";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { dirname } from "node:path";
import type { ListenAddress } from "../../config/listen.ts";
import { errorCode, errorMessage } from "../../errors.ts";

/** The reason why a server cannot listen: a code of the system's, and advice. */
export class Refused extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Refused";
    this.code = code;
  }
}

/** Mode of the socket: its group may connect, as it may read samples. */
const SOCKET_MODE = 0o660;

/**
 * Lets a server listen; returns its address, `http://127.0.0.1:9464` or `unix:/run/x.sock`. A
 * socket file at which nobody answers is replaced; anything else of that name is left alone.
 * @throws Refused
 */
export async function bind(server: Server, address: ListenAddress): Promise<string> {
  const where = "path" in address ? address.path : hostPort(address.host, address.port);
  try {
    if ("path" in address) await removeStale(address.path);
    server.listen(address);
    await once(server, "listening");
    if ("path" in address) chmodSync(address.path, SOCKET_MODE);
  } catch (error) {
    if (error instanceof Refused) throw error;
    const code = errorCode(error) ?? "UNEXPECTED";
    const message = `cannot listen at ${where}: ${errorMessage(error)}${hints[code] ?? ""}`;
    throw new Refused(code, message, { cause: error });
  }
  if ("path" in address) return `unix:${address.path}`;
  const { address: host, port } = server.address() as AddressInfo;
  return `http://${hostPort(host, port)}`;
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: "; stop who listens there, or choose another address",
  EACCES: "; choose a port above 1023, or a directory that the service may write to",
  EROFS: "; under systemd choose a path that the unit lets it write to",
  EADDRNOTAVAIL: "; this machine has no such address",
  EAFNOSUPPORT: "; the unit allows no network: see docs/http.md",
  ENOTFOUND: "; this machine does not know that name",
};

function hostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

async function removeStale(path: string): Promise<void> {
  // Listening would call that EACCES.
  if (!existsSync(dirname(path))) {
    throw new Refused("ENOENT", `cannot listen at ${path}: make its directory first`);
  }
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new Refused("EEXIST", `${path} is there and is no socket: remove it`);
  if (await isAnswered(path)) {
    throw new Refused("EADDRINUSE", `cannot listen at ${path}: another process does already`);
  }
  unlinkSync(path);
}

/** True when a server answers at a socket. @throws errno where that cannot be found out */
async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    if (errorCode(error) === "ECONNREFUSED") return false;
    throw error;
  } finally {
    socket.destroy();
  }
}
