import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { endingWithUs, PATIENCE_MS } from "./child.ts";

/** One line of the daemon's log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A running daemon. */
export interface Daemon {
  readonly pid: number;
  /** Everything it logged so far. */
  readonly lines: readonly LogLine[];
  /** Resolves with the first line with this message, and these fields, that was not given before. */
  logged(msg: string, fields?: Readonly<Record<string, unknown>>): Promise<LogLine>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves with the exit code, or the signal that ended it. */
  exited(): Promise<number | string>;
  stderr(): string;
  /** Kills what still runs. */
  end(): Promise<void>;
}

/** Starts `run` and waits until it has begun. */
export async function startDaemon(
  main: string,
  env: Readonly<Record<string, string>>,
): Promise<Daemon> {
  const command = endingWithUs(process.execPath, [main, "run"]);
  const child = spawn(...command, { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: LogLine[] = [];
  const given = new Set<LogLine>();
  const watchers = new Set<() => void>();
  let stderr = "";
  let end: number | string | undefined;
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  createInterface(child.stdout).on("line", (line) => {
    lines.push(JSON.parse(line) as LogLine);
    tell();
  });
  const closed = once(child, "close").then(([code, signal]) => {
    end = (code as number | null) ?? (signal as string);
    tell();
    return end;
  });

  function logged(msg: string, fields: Readonly<Record<string, unknown>> = {}): Promise<LogLine> {
    const isWanted = (line: LogLine) =>
      !given.has(line) &&
      line.msg === msg &&
      Object.entries(fields).every(([key, value]) => line[key] === value);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => give(undefined), PATIENCE_MS);
      const look = () => {
        const found = lines.find(isWanted);
        if (found !== undefined || end !== undefined) give(found);
      };
      const give = (line: LogLine | undefined) => {
        clearTimeout(timer);
        watchers.delete(look);
        if (line === undefined) {
          const said = lines.map((each) => JSON.stringify(each)).join("\n");
          reject(new Error(`never logged: ${msg} ${JSON.stringify(fields)}\n${said}\n${stderr}`));
        } else {
          given.add(line);
          resolve(line);
        }
      };
      watchers.add(look);
      look();
    });
  }

  const daemon: Daemon = {
    pid: child.pid ?? -1,
    lines,
    logged,
    kill: (signal) => void child.kill(signal),
    exited: () => closed,
    stderr: () => stderr,
    async end() {
      if (end === undefined) child.kill("SIGKILL");
      await closed;
    },
  };
  await logged("started").catch(async (error: unknown) => {
    await daemon.end();
    throw error;
  });
  return daemon;
}
