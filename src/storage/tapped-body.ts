import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type BodyOptions, bodyOf } from "./body.ts";
import { canTap, setTap } from "./tapped-agent.ts";

/** Memory for reads: larger ones make fewer calls. */
const READ_BYTES = 512 * 1024;
/** TLS hands out a record at a time, of at most this: several go to one memory. */
const RECORD_BYTES = 16 * 1024;

/** Buffers that no body uses just now. */
const idle: Buffer[] = [];
const MOST_IDLE = 24;

/** A body of this length, bytes, is worth a connection of its own. */
const LEAST_TAPPED_BYTES = 4 * 1024 * 1024;

/** Memory that a connection is read into: the bytes between the two have not been handed out. */
interface Reading {
  readonly memory: Buffer;
  from: number;
  to: number;
}

/**
 * The bytes of an answer, as `bodyOf` gives them, whose chunks stay as they are until the next one is
 * asked for. They come past Node's parser where the connection and the length allow that.
 */
export function transientBody(
  message: IncomingMessage,
  url: URL,
  options: BodyOptions,
): AsyncIterable<Uint8Array> {
  const { statusCode = 0, headers, socket } = message;
  const length = Number(headers["content-length"] ?? 0);
  const isTapped = [200, 206].includes(statusCode) && length >= LEAST_TAPPED_BYTES;
  if (isTapped && canTap(socket))
    return bodyOf(message, url, { ...options, chunks: tappedBody(message, length) });
  return atOnceOr(message, length, () => bodyOf(message, url, options));
}

/** A body that came together with its head, without the streams that others need. */
async function* atOnceOr(
  message: IncomingMessage,
  length: number,
  otherwise: () => AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  const first = message.read() as Buffer | null;
  if (first !== null && first.length === length) {
    // To its end, which frees its connection.
    message.resume();
    return yield first;
  }
  if (first !== null) yield first;
  yield* otherwise();
}

/**
 * Takes the rest of a body of known length from its connection, past Node's parser: in half the time,
 * and without a byte of new memory. To be called before anything is read of it, with more to come than
 * the message buffers. A chunk stays as it is until the next one is asked for.
 * @throws what ends the connection early
 */
function tappedBody(message: IncomingMessage, length: number): AsyncGenerator<Uint8Array> {
  const { socket } = message;
  const least = isTls(socket) ? RECORD_BYTES : READ_BYTES;
  /** In their order; the last one is read into. One is worked off meanwhile, and one waits. */
  const readings: Reading[] = [begin()];
  const ended: { error?: Error } = {};
  let wake = (): void => {};
  const end = (error: Error): void => {
    ended.error ??= error;
    wake();
  };
  message.on("error", end);
  message.on("close", () => end(new Error("the connection was closed")));
  setTap(socket, {
    buffer() {
      if (READ_BYTES - last().to < least) readings.push(begin());
      return last().memory.subarray(last().to);
    },
    // Node may read once more than it was asked to, and TLS hands out all that it has.
    take(bytes) {
      // The memory of a read that was under way before the tap was set is another one.
      if (bytes.buffer !== last().memory.buffer) last().memory.set(bytes, last().to);
      last().to += bytes.length;
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
        const next = await nextOne();
        socket.resume();
        const bytes = next.subarray(0, left);
        left -= bytes.length;
        yield bytes;
      }
    } finally {
      // The next read would go to the last one.
      for (const { memory } of readings.slice(0, -1)) giveBack(memory);
    }
  }

  async function nextOne(): Promise<Uint8Array> {
    for (;;) {
      const first = readings[0] as Reading;
      const { memory, from, to } = first;
      if (from < to) {
        first.from = to;
        return memory.subarray(from, to);
      }
      if (first !== last()) {
        readings.shift();
        giveBack(memory);
        continue;
      }
      if (ended.error !== undefined) throw ended.error;
      socket.resume();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  function last(): Reading {
    return readings.at(-1) as Reading;
  }
}

function isTls(socket: Socket): boolean {
  return "encrypted" in socket;
}

function begin(): Reading {
  return { memory: idle.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES), from: 0, to: 0 };
}

function giveBack(memory: Buffer): void {
  if (idle.length < MOST_IDLE) idle.push(memory);
}
