import { execFile } from "node:child_process";
import { chmod } from "node:fs/promises";
import { globSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client, escapeIdentifier } from "pg";
import { endingWithUs, PATIENCE_MS } from "./child.ts";
import { freePort } from "./free-port.ts";
import { startService, until, type Workplace, whyWithout } from "./workplace.ts";

/** The newest server that Debian's package has installed; it is not on the PATH. */
const [programs] = globSync("/usr/lib/postgresql/*/bin").toSorted().toReversed();

/** The reason why there is no PostgreSQL here; undefined where there is. Debian: postgresql. */
export const whyNoPostgres =
  programs === undefined ? "postgresql: not installed" : whyWithout(["setpriv"]);

/** A PostgreSQL server, alone on loopback. */
export interface Postgres {
  readonly port: number;
  /** Makes a database, and returns its URL. One without a name gets a number. */
  database(name?: string): Promise<string>;
  /** Ends it at once, as a crash would. */
  stop(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts PostgreSQL, with settings such as `max_connections=500`. It takes 2 s. */
export function startPostgres(...more: readonly string[]): Promise<Postgres> {
  return startService((place, signal) => startIn(place, signal, more));
}

/** It refuses to run as root. */
const asPostgres =
  process.getuid?.() === 0
    ? ["--reuid", "postgres", "--regid", "postgres", "--init-groups", "--"]
    : ["--"];

async function startIn(
  place: Workplace,
  signal: AbortSignal,
  more: readonly string[],
): Promise<Postgres> {
  const port = await freePort();
  const data = join(place.root, "data");
  await chmod(place.root, 0o777);
  const program = (name: string) => join(programs as string, name);
  const run = (name: string, ...args: string[]) =>
    promisify(execFile)("setpriv", [...asPostgres, program(name), ...args], { cwd: place.root });
  await run("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-N");
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", ...more];
  const options = settings.flatMap((each) => ["-c", each]);
  const [command, all] = endingWithUs(program("postgres"), [
    "-D",
    data,
    "-p",
    `${port}`,
    ...options,
  ]);
  let count = 0;
  const url = (name: string) => `postgresql://postgres@127.0.0.1:${port}/${name}`;
  const start = async (limit: AbortSignal) => {
    place.start("setpriv", [...asPostgres, command, ...all]);
    await until(limit, async () => (await asked(url("postgres"), "SELECT 1")) !== undefined);
  };
  // A server that is killed leaves a segment of shared memory.
  const stop = () => run("pg_ctl", "-D", data, "-m", "immediate", "stop");
  await start(signal);
  return {
    port,
    stop: async () => void (await stop()),
    start: () => start(AbortSignal.timeout(PATIENCE_MS)),
    async database(name = `lake_${(count += 1)}`) {
      await asked(url("postgres"), `CREATE DATABASE ${escapeIdentifier(name)}`);
      return url(name);
    },
    async [Symbol.asyncDispose]() {
      await stop().catch(() => undefined);
      await place.end();
    },
  };
}

async function asked(url: string, text: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
