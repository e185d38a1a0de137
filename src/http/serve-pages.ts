import type { ListenAddress } from "../config/listen.ts";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { Hono } from "hono";
import { addPages } from "./pages/routes.ts";
import { bind, Refused } from "./server/bind.ts";
import { createGuardedServer } from "./server/listener.ts";
import { createReportReader } from "./server/status-cache.ts";
import { createStoreReader } from "./server/store-reader.ts";
import type { PageContext } from "./state.ts";

/** The pages of a lake while they are served without its daemon. */
export interface ServedPages {
  /** `http://127.0.0.1:9464`, or `unix:` and a path. */
  readonly url: string;
  close(): void;
}

/**
 * Serves the pages of a lake, to read; neither health nor metrics, which are a daemon's.
 * @throws Failure USAGE where nobody can listen at the address
 */
export async function servePages(
  settings: Settings,
  address: ListenAddress,
  onFailure: PageContext["onFailure"],
): Promise<ServedPages> {
  const { store, drop } = createStoreReader(settings);
  const report = createReportReader({ store, settings });
  const app = new Hono();
  addPages(app, { store, settings, report, state: () => undefined, heardAt: Date.now, onFailure });
  const guard = { isUnix: "path" in address, hosts: settings.http.hosts };
  const server = createGuardedServer((request) => app.fetch(request), guard);
  try {
    const url = await bind(server, address);
    return {
      url,
      close() {
        server.close();
        server.closeAllConnections();
        drop();
      },
    };
  } catch (error) {
    if (error instanceof Refused) throw new Failure("USAGE", error.message, { cause: error });
    throw error;
  }
}
