import { readdirSync, readFileSync } from "node:fs";
import { Writable } from "node:stream";
import pino from "pino";
import type { Live } from "../../src/http/state.ts";
import { type PageServer, startServer } from "../../src/http/supervisor.ts";
import { noCalls } from "../helpers/daemon-state.ts";
import type { LogLine } from "../helpers/daemon.ts";
import type { World } from "../helpers/world.ts";
import { PATIENCE_MS } from "../helpers/child.ts";

/** A real server, in its own process, over the lake of a test. This process is its daemon. */
export interface Served extends AsyncDisposable {
  /** `http://127.0.0.1:40123`, or `unix:/…`. */
  readonly url: string;
  readonly server: PageServer;
  /** The daemon's state; the server knows of a change here within a second. */
  readonly live: { -readonly [K in keyof Live]: Live[K] };
  /** Lines that were logged so far. */
  readonly lines: readonly LogLine[];
  /** Resolves with the first line with this message that was not given before. */
  logged(msg: string): Promise<LogLine>;
  /** Process of the server that was started first. */
  readonly pid: number;
}

/** Options of starting the server. */
export interface ServeOptions {
  readonly pingMs?: number;
  readonly http?: { readonly listen?: string; readonly hosts?: readonly string[] };
}

/** Starts a server over a lake; it listens when this resolves. */
export async function serve(world: World, { pingMs, http }: ServeOptions = {}): Promise<Served> {
  const begun = begin(world, http);
  const { live, logged, lines } = begun;
  const options = { settings: begun.settings, log: begun.log, live: () => live };
  const server = startServer(pingMs === undefined ? options : { ...options, pingMs });
  const close = () => server.close();
  try {
    const { url, server: pid } = await logged("page, health and metrics are served");
    return {
      url: String(url),
      server,
      live,
      lines,
      logged,
      pid: Number(pid),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Prepares a server, with the means to wait for its log lines. */
export function begin(world: World, http: ServeOptions["http"] = {}) {
  const lines: LogLine[] = [];
  const given = new Set<LogLine>();
  const watchers = new Set<() => void>();
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as LogLine);
      for (const watcher of watchers) watcher();
      done();
    },
  });
  const live: { -readonly [K in keyof Live]: Live[K] } = {
    isReady: true,
    liveness: { isIdle: true, progressAt: Date.now() },
    passesWait: null,
    passFailure: null,
    turns: null,
    workerRestarts: 0,
    hooks: noCalls,
  };
  const settings = world.settings();
  const config = {
    ...settings.origin.config,
    http: { listen: "127.0.0.1:0", hosts: [], ...http },
  } as typeof settings.origin.config;
  return {
    settings: { ...settings, http: config.http, origin: { ...settings.origin, config } },
    log: pino({ level: "debug" }, sink),
    live,
    lines,
    logged,
  };

  function logged(msg: string): Promise<LogLine> {
    const { promise, resolve, reject } = Promise.withResolvers<LogLine>();
    const timer = setTimeout(() => {
      reject(
        new Error(`never logged: ${msg}\n${lines.map((line) => JSON.stringify(line)).join("\n")}`),
      );
    }, PATIENCE_MS);
    const look = () => {
      const found = lines.find((line) => line.msg === msg && !given.has(line));
      if (found === undefined) return;
      clearTimeout(timer);
      watchers.delete(look);
      given.add(found);
      resolve(found);
    };
    watchers.add(look);
    look();
    return promise;
  }
}

/** Processes of servers that are children of a process. */
export function serverPids(parent: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const isServer = readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(
          "/http/server/main.",
        );
        return isServer && Number(ppid) === parent && state !== "Z";
      } catch {
        return false;
      }
    });
}
