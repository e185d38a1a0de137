import { once } from "node:events";
import { loadStaging } from "../../config/load.ts";
import { createNotify } from "../../daemon/systemd/notify.ts";
import { errorMessage } from "../../errors.ts";
import { serveStaging } from "../../http/api/serve.ts";
import { openLog } from "../../log/log.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";

/** Serves staging over HTTP until SIGTERM or SIGINT. @throws Failure CONFIG_INVALID, CACHE_UNUSABLE */
export async function stageServe(
  { config, prefix }: CommonOptions,
  { env }: Context,
): Promise<number> {
  const load = () => loadStaging({ config, prefix, env });
  const settings = load();
  const log = openLog(settings.log.level);
  const notify = createNotify(process.env, (reason) => log.warn({ reason }, "systemd is not told"));
  const stopping = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const server = await serveStaging(settings, log);
  process.on("SIGHUP", () => {
    try {
      server.reload(load());
      log.info("token and rate are read again");
    } catch (error) {
      log.error({ reason: errorMessage(error) }, "token and rate stay as they were");
    }
  });
  log.info({ url: server.url, runs: settings.runs, store: settings.store }, "staging is served");
  notify.send({ state: "ready", status: `serving staging at ${server.url}` });
  await stopping;
  log.info("stopping");
  notify.send({ state: "stopping" });
  await server.close();
  notify.close();
  return exitCodes.done;
}
