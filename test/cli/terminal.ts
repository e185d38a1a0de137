import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { endingWithUs, PATIENCE_MS } from "../helpers/child.ts";
import { surroundings } from "../helpers/surroundings.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

/** True when a program can be given a terminal here. */
export const hasTerminal = spawnSync("script", ["--version"]).error === undefined;

/** A command of ours that runs on a terminal; it is killed where it is not over by itself. */
export interface OnTerminal extends AsyncDisposable {
  readonly pid: number;
  /** Everything it wrote. */
  seen(): string;
  /** Resolves with everything it wrote, once that matches after what was asked for before. */
  until(pattern: RegExp): Promise<string>;
  /** As if typed. */
  type(text: string): void;
  resize(rows: number, columns: number): void;
  /** Resolves once it is stopped, and no more than that. */
  stopped(): Promise<void>;
  /** Wakes it after it was stopped, and resolves once what it writes matches. */
  goOn(pattern: RegExp): Promise<void>;
  /** Resolves with the exit code once the terminal is closed. */
  exited(): Promise<number | null>;
}

/** Starts a command on a terminal of 24 rows and 80 columns. */
export async function onTerminal(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<OnTerminal> {
  const quoted = [process.execPath, main, ...args].map((arg) => `'${arg}'`).join(" ");
  const command = `stty rows 24 cols 80; echo "pid $$."; exec ${quoted}`;
  const options = ["--quiet", "--flush", "--return", "-c", command, "/dev/null"];
  const child = spawn(...endingWithUs("script", options), {
    env: { ...surroundings, SHELL: "/bin/sh", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = once(child, "close").then(([code]) => code as number | null);
  let seen = "";
  let from = 0;
  const watchers = new Set<() => void>();
  child.stdout.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    for (const watcher of watchers) watcher();
  });

  function until(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        watchers.delete(look);
        reject(new Error(`never shown: ${pattern}\n${seen.slice(from)}`));
      }, PATIENCE_MS);
      const look = () => {
        const found = pattern.exec(seen.slice(from));
        if (found === null) return;
        from += found.index + found[0].length;
        clearTimeout(timer);
        watchers.delete(look);
        resolve(found[0]);
      };
      watchers.add(look);
      look();
    });
  }

  const pid = Number(/\d+/.exec(await until(/pid \d+\./))?.[0]);
  return {
    pid,
    until,
    seen: () => seen,
    type: (text) => void child.stdin.write(text),
    resize(rows, columns) {
      const terminal = readlinkSync(`/proc/${pid}/fd/1`);
      execFileSync("stty", ["-F", terminal, "rows", `${rows}`, "cols", `${columns}`]);
    },
    async stopped() {
      const isStopped = () => / T /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
      while (!isStopped()) await new Promise((resolve) => setImmediate(resolve));
    },
    async goOn(pattern) {
      process.kill(pid, "SIGCONT");
      // `script` stops a moment after what it runs does.
      const wake = setInterval(() => child.kill("SIGCONT"), 20);
      await until(pattern).finally(() => clearInterval(wake));
    },
    exited: () => closed,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill("SIGKILL");
      await closed;
    },
  };
}
