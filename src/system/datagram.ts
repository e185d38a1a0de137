import { createRequire } from "node:module";
import { getSystemErrorName } from "node:util";
import type koffi from "koffi";

const require = createRequire(import.meta.url);

/** Linux: `AF_UNIX`, `SOCK_DGRAM | SOCK_CLOEXEC`, `MSG_DONTWAIT | MSG_NOSIGNAL`. */
const AF_UNIX = 1;
const DATAGRAM = 2 | 0o2_000_000;
const AT_ONCE = 0x40 | 0x4000;

/** A socket that sends to one address. */
export interface DatagramSender {
  /** Sends at once or not at all. @throws Error with the errno's name */
  send(bytes: Uint8Array): void;
  close(): void;
}

/**
 * Opens a Unix datagram socket, which Node does not have, to send to a path, or to an abstract name
 * where it begins with `@`. See unix(7).
 * @throws Error where the C library cannot be called, or there are no descriptors left
 */
export function sendTo(path: string): DatagramSender {
  const { errno, load } = require("koffi") as typeof koffi;
  const libc = load(null);
  const socket = libc.func("int socket(int, int, int)");
  const send = libc.func("long sendto(int, const void *, size_t, int, const void *, uint32_t)");
  const close = libc.func("int close(int)");
  const fd = checked(socket(AF_UNIX, DATAGRAM, 0) as number);
  const address = addressOf(path);
  return {
    send(bytes) {
      checked(send(fd, bytes, bytes.length, AT_ONCE, address, address.length) as number);
    },
    close: () => void close(fd),
  };

  function checked(result: number): number {
    if (result < 0) throw new Error(getSystemErrorName(-errno()));
    return result;
  }
}

/** `struct sockaddr_un`: family, then the name without the zero after it. */
export function addressOf(path: string): Buffer {
  const family = Buffer.alloc(2);
  new Uint16Array(family.buffer, family.byteOffset, 1)[0] = AF_UNIX;
  return Buffer.concat([family, Buffer.from(path.replace(/^@/, "\0"))]);
}
