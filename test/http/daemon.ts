/** A process that has a server and is killed: `node daemon.ts CONFIG SOCKET`. */
import { loadConfig } from "../../src/config/load.ts";
import { startServer } from "../../src/http/supervisor.ts";
import { openLog } from "../../src/log/log.ts";
import { noCalls } from "../helpers/daemon-state.ts";

const [config = "", listen = ""] = process.argv.slice(2);
const settings = loadConfig({ config, env: {} });
const chosen = { ...settings.origin.config, http: { listen, hosts: [] } };
const live = {
  isReady: true,
  liveness: { isIdle: true, progressAt: Date.now() },
  passesWait: null,
  passFailure: null,
  turns: null,
  workerRestarts: 0,
  hooks: noCalls,
};
startServer({
  settings: { ...settings, http: chosen.http, origin: { ...settings.origin, config: chosen } },
  log: openLog("info"),
  live: () => live,
});
