import type { IncomingMessage } from "node:http";
import { setTap } from "./tapped-agent.ts";

/** Memory for a read: larger ones make fewer calls, and this many are the least that overlap. */
const READ_BYTES = 512 * 1024;
const BUFFERS = 3;

/** What no body has a use for just now. */
const idle: Buffer[] = [];
const MOST_IDLE = 24;

/**
 * Takes the rest of a body of known length from its connection, past Node's parser: in half the time,
 * and without a byte of new memory. To be called while the answer's head is handed out, with more to
 * come than one read holds. A chunk stays as it is until the next one is asked for.
 * @throws what ends the connection early
 */
export function tappedBody(message: IncomingMessage, length: number): AsyncGenerator<Uint8Array> {
  const { socket } = message;
  const free = Array.from({ length: BUFFERS }, take);
  const filled: Uint8Array[] = [];
  const ended: { error?: Error } = {};
  let wake = (): void => {};
  const end = (error: Error): void => {
    ended.error ??= error;
    wake();
  };
  message.on("error", end);
  message.on("close", () => end(new Error("the connection was closed")));
  setTap(socket, {
    // One is worked off, one waits, one is read into. Node may read once more than it was asked to.
    buffer: () => free.pop() ?? take(),
    take(bytes) {
      filled.push(bytes);
      wake();
      return false;
    },
  });
  return chunks();

  async function* chunks(): AsyncGenerator<Uint8Array> {
    let left = length;
    try {
      for (let chunk = message.read() as Buffer | null; chunk !== null; chunk = message.read()) {
        left -= chunk.length;
        yield chunk;
      }
      while (left > 0) {
        const next = filled.shift() ?? (await nextOne());
        socket.resume();
        const bytes = next.subarray(0, left);
        left -= bytes.length;
        yield bytes;
        if (free.length < BUFFERS) free.push(Buffer.from(next.buffer as ArrayBuffer));
      }
    } finally {
      // But for the one that the next read would go to.
      for (const memory of free.splice(0)) if (idle.length < MOST_IDLE) idle.push(memory);
    }
  }

  async function nextOne(): Promise<Uint8Array> {
    socket.resume();
    while (filled.length === 0) {
      if (ended.error !== undefined) throw ended.error;
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return filled.shift() as Uint8Array;
  }
}

function take(): Buffer {
  return idle.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
}
