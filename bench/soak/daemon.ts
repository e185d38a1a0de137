import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { PROGRAM } from "./program.ts";

/** The daemon, whichever process it is at the moment. */
export interface Daemon {
  start(): void;
  isRunning(): boolean;
  /** True once the running one has its signal handlers. */
  isReady(): boolean;
  pid(): number | undefined;
  /** Sends a signal that does not end it. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it; resolves once it is gone, with false where it did not end as it should. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<boolean>;
  /** Returns the number of daemons that ended unasked since the last call. */
  takeEnded(): number;
  /** Warnings and errors that were logged so far, by message and code. */
  logged(): ReadonlyMap<string, number>;
}

/** Memory and descriptors of a process at one moment. */
export interface Footprint {
  /** ms since epoch. */
  readonly at: number;
  readonly rssKb: number;
  readonly descriptors: number;
}

/** pino's number for warnings. */
const WARN = 40;

/** Makes one that is not started; what it logs goes to a file. */
export function createDaemon(config: string, logPath: string): Daemon {
  const log = createWriteStream(logPath, { flags: "a" });
  const counts = new Map<string, number>();
  let child: ChildProcess | undefined;
  let ready = false;
  let asked = false;
  let ended = 0;
  process.on("exit", () => child?.kill("SIGKILL"));

  /** A kill can leave half a line. */
  function count(line: string): void {
    if (!/^\{.*\}$/.test(line)) return;
    const { level, msg, code = "" } = JSON.parse(line) as Record<string, string | number>;
    const isQuiet = level === "info" || level === "debug" || Number(level) < WARN;
    const key = `${msg} ${code}`.trim();
    if (!isQuiet) counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  return {
    logged: () => counts,
    isRunning: () => child !== undefined,
    isReady: () => ready,
    pid: () => child?.pid,
    signal: (signal) => void child?.kill(signal),
    start() {
      const args = [...PROGRAM, "run", "--config", config];
      const started = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
      child = started;
      ready = false;
      asked = false;
      log.write(`# pid ${started.pid} at ${new Date().toISOString()}\n`);
      started.stderr.pipe(log, { end: false });
      createInterface({ input: started.stdout }).on("line", (line) => {
        log.write(`${line}\n`);
        if (child === started && line.includes('"msg":"started"')) ready = true;
        count(line);
      });
      started.on("exit", (code, signal) => {
        log.write(`# pid ${started.pid} ended: ${code ?? signal}\n`);
        if (!asked) ended += 1;
        if (child === started) child = undefined;
      });
    },
    async end(signal) {
      if (child === undefined) return true;
      const wasReady = ready;
      const gone = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
      asked = true;
      child.kill(signal);
      const [code, by] = await gone;
      return by === signal ? signal === "SIGKILL" || !wasReady : code === 0;
    },
    takeEnded() {
      const taken = ended;
      ended = 0;
      return taken;
    },
  };
}

/** The resident memory and the descriptors of a process; undefined where it is gone. */
export function footprintOf(pid: number): Footprint | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const descriptors = readdirSync(`/proc/${pid}/fd`).length;
    const rssKb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]);
    return Number.isNaN(rssKb) ? undefined : { at: Date.now(), rssKb, descriptors };
  } catch {
    return undefined;
  }
}
