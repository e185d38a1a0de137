/** The process that serves page, health and metrics. It does not outlive the daemon. */
import type { Server } from "node:http";
import { listenAddress } from "../../config/listen.ts";
import { settingsOf } from "../../config/settings.ts";
import { createApp } from "./app.ts";
import { bind, Refused } from "./bind.ts";
import type { DaemonState } from "../state.ts";
import { createGuardedServer } from "./listener.ts";
import type { FromServer, ToServer } from "../messages.ts";
import { addPages } from "../pages/routes.ts";
import { createStoreReader } from "./store-reader.ts";
import { createReportReader } from "./status-cache.ts";

/** Time for open requests to finish at shutdown, ms. */
const LAST_MS = 1000;

let state: DaemonState | undefined;
/** Time at which the daemon was last heard of, by a clock that nobody sets, ms. */
let heardAt = performance.now();
let server: Server | undefined;

// Signals are for the daemon, also those that a terminal sends to both.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.on("disconnect", end);
process.on("message", (message: ToServer) => {
  heardAt = performance.now();
  if (message.type === "begin") void begin(message);
  else if (message.type === "state") state = message.state;
  else if (message.type === "ping") tell({ type: "pong" });
  else end();
});

async function begin(message: ToServer & { type: "begin" }): Promise<void> {
  state = message.state;
  const settings = settingsOf(message.origin);
  const address = listenAddress(settings.http.listen ?? "");
  if (address === undefined) throw new Error(`not an address: ${settings.http.listen}`);
  const { store } = createStoreReader(settings);
  const context = {
    store,
    settings,
    report: createReportReader({ store, settings }),
    state: () => state as DaemonState,
    heardAt: () => Date.now() - (performance.now() - heardAt),
    onFailure: (path: string, code: string, message: string) =>
      tell({ type: "failed", path, code, message }),
  };
  const app = createApp(context);
  addPages(app, context);
  const guard = { isUnix: "path" in address, hosts: settings.http.hosts };
  server = createGuardedServer((request) => app.fetch(request), guard);
  try {
    tell({ type: "listening", url: await bind(server, address), pid: process.pid });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell({ type: "refused", code: error.code, message: error.message }, end);
  }
}

function tell(message: FromServer, then: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, {}, then);
}

/** Ends the process. The cache need not be closed: it is open to read. */
function end(): void {
  // oxlint-disable-next-line unicorn/no-process-exit
  const exit = () => process.exit(0);
  if (server === undefined || !server.listening) return exit();
  server.close(exit);
  setTimeout(exit, LAST_MS);
}
