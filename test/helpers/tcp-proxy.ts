import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Breaks one connection after some bytes of the answer. */
export interface Break {
  readonly afterBytes: number;
  /** `cut`: it is closed; `stall`: nothing more comes. */
  readonly how: "cut" | "stall";
}

/** Stands before a server on loopback. */
export interface TcpProxy extends AsyncDisposable {
  readonly url: URL;
  /** Connections so far. */
  count(): number;
  /** Bytes that went to the server so far. */
  sentBytes(): number;
  /** Ends what goes to the server, and leaves clients without an answer, as a network that is gone. */
  cutOff(): void;
  /** Ends that: clients find their connections gone, and may connect again. */
  mend(): void;
}

/** Starts one; the n-th connection, from 0, breaks as is said of it. */
export async function startProxy(
  to: URL,
  breakOf: (n: number) => Break | undefined,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const farSockets = new Set<Socket>();
  let isCut = false;
  let count = 0;
  let sent = 0;
  const server = createServer((near) => {
    if (isCut) return void sockets.add(near.on("error", () => undefined));
    const far = connect(Number(to.port), to.hostname);
    farSockets.add(far);
    for (const socket of [near, far])
      socket.on("error", () => undefined).on("close", () => void sockets.delete(socket));
    sockets.add(near).add(far);
    near.on("close", () => far.destroy());
    far.on("close", () => {
      farSockets.delete(far);
      if (!isCut) near.destroy();
    });
    near.on("data", (bytes: Buffer) => void (sent += bytes.length)).pipe(far);
    passOn(far, near, breakOf(count));
    count += 1;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    count: () => count,
    sentBytes: () => sent,
    cutOff() {
      isCut = true;
      for (const far of farSockets) far.destroy();
    },
    mend() {
      isCut = false;
      for (const socket of sockets) socket.destroy();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function passOn(far: Socket, near: Socket, breaks: Break | undefined): void {
  if (breaks === undefined) return void far.pipe(near);
  let left = breaks.afterBytes;
  far.on("data", (bytes: Buffer) => {
    const some = bytes.subarray(0, left);
    left -= some.length;
    if (left > 0) near.write(some);
    else if (breaks.how === "stall") near.write(some);
    else near.end(some);
  });
}
