import type { Settings } from "../config/settings.ts";
import type { Log } from "../log/log.ts";
import type { PassEvent } from "../sampling/events.ts";
import type { PassResult } from "../sampling/pass.ts";
import type { DaemonState, Live } from "./state.ts";
import { type Death, type KeptChild, keepChild } from "./restart.ts";
import type { FromServer } from "./messages.ts";
import { createObserved } from "./observed.ts";
import { createServerLog } from "./server-log.ts";

/** The server of page, health and metrics, as the daemon sees it. The daemon never waits for it. */
export interface PageServer {
  /** Counts an event of a pass. */
  observe(event: PassEvent): void;
  /** Takes the result of a pass over all datasets; to be called after each. */
  passed(result: Pick<PassResult, "summary" | "isDrained">): void;
  /** Continues with other settings; the counts stay. */
  change(settings: Settings): Promise<void>;
  /** Ends the server; that takes two and a half seconds at most. */
  close(): Promise<void>;
}

/** Options of `startServer`. */
export interface ServerOptions {
  readonly settings: Settings;
  readonly log: Log;
  /** Called once a second. */
  readonly live: () => Live;
  /** Time between two questions whether it lives, ms. */
  readonly pingMs?: number;
}

const TELL_MS = 1000;
const PING_MS = 5000;
const program = new URL(
  `./server/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`,
  import.meta.url,
);

/**
 * Serves page, health and metrics at `http.listen`, in a process of its own: an error or hang there
 * costs the sampling nothing. Where `http.listen` is not set, it only counts.
 */
export function startServer({ settings, log, live, pingMs = PING_MS }: ServerOptions): PageServer {
  const startedAt = Date.now() - Math.round(performance.now());
  const observed = createObserved();
  const serverLog = createServerLog(log);
  let serverRestarts = 0;
  /** The state that was last sent; `isChanged`: true when something was counted since. */
  let told = "";
  let isChanged = false;
  let chosen = settings;
  let child = begin();
  let telling = tellRegularly();

  return { observe, passed, change, close };

  function observe(event: PassEvent): void {
    isChanged = true;
    observed.event(event);
  }

  function passed(result: Pick<PassResult, "summary" | "isDrained">): void {
    isChanged = true;
    observed.pass(result);
  }

  async function change(next: Settings): Promise<void> {
    clearInterval(telling);
    await end();
    chosen = next;
    serverLog.forget();
    child = begin();
    telling = tellRegularly();
  }

  async function close(): Promise<void> {
    clearInterval(telling);
    await end();
  }

  async function end(): Promise<void> {
    const ending = child;
    child = undefined;
    await ending?.close();
  }

  function begin(): KeptChild | undefined {
    if (chosen.http.listen === null) return undefined;
    const greeting = () => ({ type: "begin", origin: chosen.origin, state: state() }) as const;
    return keepChild({ program, greeting, onMessage, onDeath, pingMs });
  }

  function tellRegularly(): NodeJS.Timeout | undefined {
    return child === undefined ? undefined : setInterval(tell, TELL_MS);
  }

  function tell(): void {
    const now = JSON.stringify(liveNow());
    if (!isChanged && now === told) return;
    isChanged = false;
    told = now;
    child?.send({ type: "state", state: state() });
  }

  /** The state without anything that changes while nothing happens. */
  function liveNow(): Live {
    const now = live();
    const { isIdle, progressAt } = now.liveness;
    return { ...now, liveness: { isIdle, progressAt } };
  }

  function state(): DaemonState {
    return {
      ...liveNow(),
      pid: process.pid,
      startedAt,
      ...observed.state(),
      serverRestarts,
    };
  }

  function onMessage(message: FromServer): void {
    serverLog.message(message, chosen.http.listen ?? "");
  }

  function onDeath(death: Death): void {
    if (serverLog.death(death)) serverRestarts += 1;
  }
}
