import type { Agent } from "node:http";
import type { OnReadOpts, Socket } from "node:net";

/** Takes bytes of a connection as they are read. */
export interface Tap {
  /** The memory that the next read goes to; it is asked for once the one before was taken. */
  buffer(): Uint8Array;
  /** False: no more for now, until `resume()`. */
  take(bytes: Uint8Array): boolean;
}

/** Memory for what is read before it is known to be a body: a head, or a small object. */
const HEAD_BYTES = 64 * 1024;

/** The state of a connection. */
interface Tapped {
  tap: Tap | undefined;
  /** True once it gave a byte: it does read in our way. */
  isRead: boolean;
}

const known = new WeakMap<Socket, Tapped>();

/**
 * Has the connections of an agent read into memory that is used again. Their bytes go to Node's
 * parser, which copies what it keeps, until a tap is set.
 */
export function tapped<T extends Agent>(agent: T): T {
  const createPlain = agent.createConnection.bind(agent);
  agent.createConnection = (to, done) => {
    const state: Tapped = { tap: undefined, isRead: false };
    const onread = readingInto(state, () => socket);
    const socket = createPlain({ ...to, onread } as typeof to, done) as Socket;
    known.set(socket, state);
    return socket;
  };
  return agent;
}

function readingInto(state: Tapped, socket: () => Socket): OnReadOpts {
  const head = Buffer.allocUnsafeSlow(HEAD_BYTES);
  return {
    buffer: () => state.tap?.buffer() ?? head,
    callback(count, memory) {
      state.isRead = true;
      const bytes = memory.subarray(0, count);
      if (state.tap !== undefined) return state.tap.take(bytes);
      // Node's client listens to these, whatever kind of stream its agent gives it.
      const isHeard = socket().emit("data", bytes);
      // What comes when nothing was asked for would be taken for the next answer.
      if (!isHeard) socket().destroy();
      return isHeard;
    },
  };
}

/** True where a connection that has given bytes can be tapped: none through a proxy. */
export function canTap(socket: Socket): boolean {
  return known.get(socket)?.isRead === true;
}

/** From the next read on all bytes go to the tap; the connection serves no other request afterwards. */
export function setTap(socket: Socket, tap: Tap): void {
  const state = known.get(socket);
  if (state !== undefined) state.tap = tap;
}
