import { rmSync } from "node:fs";
import { DgramSocket } from "node-unix-socket";

const TIMEOUT_MS = 20_000;

/** What stands in for systemd at the other end of `NOTIFY_SOCKET`. */
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
  const socket = new DgramSocket();
  socket.on("data", (bytes: Buffer) => {
    messages.push(bytes.toString().split("\n"));
    for (const watcher of watchers) watcher();
  });
  socket.bind(path);
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
        }, TIMEOUT_MS);
        watchers.add(look);
        look();
      }),
    close() {
      socket.close();
      rmSync(path, { force: true });
    },
  };
}
