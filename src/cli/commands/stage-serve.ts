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
  const settings = loadStaging({ config, prefix, env });
  const log = openLog(settings.log.level);
  const notify = createNotify(process.env, (reason) => log.warn({ reason }, "systemd is not told"));
  const stopping = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const server = await serveStaging(settings, log);
  process.on("SIGHUP", () => {
    try {
      server.reload();
      log.info("the token is read again");
    } catch (error) {
      log.error({ reason: errorMessage(error) }, "the token stays as it was");
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
