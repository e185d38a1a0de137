import { rmSync } from "node:fs";
import koffi from "koffi";
import { addressOf } from "../../../src/system/datagram.ts";
import { PATIENCE_MS } from "../../helpers/child.ts";

const LOOK_MS = 5;
const MSG_DONTWAIT = 0x40;

const libc = koffi.load(null);
const openSocket = libc.func("int socket(int, int, int)");
const bind = libc.func("int bind(int, const void *, uint32_t)");
const receive = libc.func("long recv(int, void *, size_t, int)");
const closeSocket = libc.func("int close(int)");

/** The stand-in for systemd at the other end of `NOTIFY_SOCKET`. */
export interface Listener {
  readonly path: string;
  /** Every message so far, as its lines. */
  readonly messages: readonly (readonly string[])[];
  /** Resolves with the first message that has a line like this and was not given before. */
  heard(line: RegExp): Promise<readonly string[]>;
  close(): void;
}

/** Listens at a path, as systemd does. */
export function listen(path: string): Listener {
  const messages: string[][] = [];
  const watchers = new Set<() => void>();
  let given = 0;
  const socket = openSocket(1, 2, 0) as number;
  const address = addressOf(path);
  if ((bind(socket, address, address.length) as number) !== 0)
    throw new Error(`cannot bind ${path}`);
  const memory = Buffer.alloc(64 * 1024);
  const looking = setInterval(() => {
    for (;;) {
      const length = receive(socket, memory, memory.length, MSG_DONTWAIT) as number;
      if (length < 0) return;
      messages.push(memory.toString("utf8", 0, length).split("\n"));
      for (const watcher of watchers) watcher();
    }
  }, LOOK_MS);
  return {
    path,
    messages,
    heard: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const at = messages.findIndex(
            (lines, i) => i >= given && lines.some((line) => wanted.test(line)),
          );
          if (at < 0) return;
          given = at + 1;
          settle();
          resolve(messages[at] ?? []);
        };
        const settle = () => {
          clearTimeout(timer);
          watchers.delete(look);
        };
        const timer = setTimeout(() => {
          settle();
          reject(new Error(`never heard ${String(wanted)}: ${JSON.stringify(messages)}`));
        }, PATIENCE_MS);
        watchers.add(look);
        look();
      }),
    close() {
      clearInterval(looking);
      closeSocket(socket);
      rmSync(path, { force: true });
    },
  };
}
