import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Daemon, startDaemon } from "../helpers/daemon.ts";
import { surroundings } from "../helpers/surroundings.ts";
import { startProxy, type TcpProxy } from "../helpers/tcp-proxy.ts";
import type { World } from "../helpers/world.ts";

const main = join(import.meta.dirname, "../../src/main.ts");

/** One of several hosts on a lake: a daemon with a state directory and a way to the database of its own. */
export interface Host extends AsyncDisposable {
  readonly config: string;
  /** The configuration, as JSON. */
  readonly settings: string;
  /** Between it and the database. */
  readonly proxy: TcpProxy;
  /** The daemon that runs now; undefined before the first one. */
  daemon(): Daemon | undefined;
  /** Starts it, unless it runs; it may end at once where the database is away. */
  start(env?: Readonly<Record<string, string>>): Promise<void>;
  /** The running daemon. */
  running(): Daemon;
}

/** Hosts of one lake. */
export interface Fleet extends AsyncDisposable {
  readonly hosts: readonly Host[];
}

/**
 * Makes hosts of a world's lake, of one configuration; they do not run yet. `prefixOf` says where each of
 * them sees the lake.
 */
export async function createFleet(
  world: World,
  names: readonly string[],
  config: { readonly database: string; readonly allowedRoots?: readonly string[] },
  prefixOf: (name: string) => string = () => world.prefix,
): Promise<Fleet> {
  const hosts = await Promise.all(
    names.map((name) => createHost(world, name, { ...config, prefix: prefixOf(name) })),
  );
  return {
    hosts,
    async [Symbol.asyncDispose]() {
      for (const host of hosts) await host[Symbol.asyncDispose]();
    },
  };
}

async function createHost(
  world: World,
  name: string,
  { database, ...others }: { readonly database: string; readonly prefix: string },
): Promise<Host> {
  const to = new URL(database);
  const proxy = await startProxy(new URL(`http://127.0.0.1:${to.port}/`), () => undefined);
  const through = new URL(database);
  through.port = proxy.url.port;
  const home = join(world.root, name);
  mkdirSync(home);
  const config = join(home, "config.yaml");
  const chosen = { state: join(home, "state"), database: through.href };
  const settings = JSON.stringify({ ...others, ...chosen, manifest: { settleMs: 10 } });
  writeFileSync(config, settings);
  let daemon: Daemon | undefined;
  let hasEnded = true;

  return {
    config,
    settings,
    proxy,
    daemon: () => daemon,
    running: () => daemon as Daemon,
    async start(env = {}) {
      if (!hasEnded) return;
      hasEnded = false;
      const ours = { STAGING_SAMPLER_CONFIG: config, LOG_LEVEL: "debug" };
      try {
        const started = await startDaemon(main, { ...surroundings, ...ours, ...env });
        daemon = started;
        void started.exited().then(() => (hasEnded = true));
      } catch {
        // As a service manager does, it is started again.
        hasEnded = true;
      }
    },
    async [Symbol.asyncDispose]() {
      daemon?.kill("SIGCONT");
      await daemon?.end();
      await proxy[Symbol.asyncDispose]();
    },
  };
}
