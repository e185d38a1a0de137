import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { Settings } from "../../src/config/settings.ts";
import { createApp } from "../../src/http/server/app.ts";
import type { DaemonState } from "../../src/http/state.ts";
import { createGuardedServer } from "../../src/http/server/listener.ts";
import { addPages } from "../../src/http/pages/routes.ts";
import { createStoreReader } from "../../src/http/server/store-reader.ts";
import { createReportReader } from "../../src/http/server/status-cache.ts";
import { emptyWork } from "../../src/http/counters.ts";
import { idleDaemon } from "../helpers/daemon-state.ts";

/** Pages that are served in this process, until they are disposed of. */
export interface PageServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Requests that could not be answered for a fault of ours. */
  readonly failures: readonly string[];
  /** Tells something else of the daemon. */
  tell(state: Partial<DaemonState>): void;
  /** Sets the time since the daemon was last heard of, ms. */
  silentFor(ms: number): void;
}

/** Serves the pages of a lake, or others, as the daemon's server does. */
export async function servePages(settings: Settings, add = addPages): Promise<PageServer> {
  const now = Date.now();
  let state = idleDaemon(now - 3_723_000, {
    liveness: { isIdle: true, progressAt: now },
    work: { ...emptyWork(), readBytes: 5_300_000_000, writtenBytes: 41_000_000 },
  });
  let silentMs = 0;
  const failures: string[] = [];
  const { store, drop } = createStoreReader(settings);
  const context = {
    store,
    settings,
    report: createReportReader({ store, settings }),
    state: () => state,
    heardAt: () => Date.now() - silentMs,
    onFailure: (path: string, _: string, message: string) =>
      void failures.push(`${path} ${message}`),
  };
  const app = createApp(context);
  add(app, context);
  const guard = { isUnix: false, hosts: [] };
  const server = createGuardedServer((request) => app.fetch(request), guard);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failures,
    tell: (change) => void (state = { ...state, ...change }),
    silentFor: (ms) => void (silentMs = ms),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      drop();
    },
  };
}
