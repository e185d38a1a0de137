import { once } from "node:events";
import { LISTEN, listenAddress } from "../../config/listen.ts";
import { Failure } from "../../errors.ts";
import { servePages } from "../../http/serve-pages.ts";
import { type CommonOptions, type Context, exitCodes } from "../command.ts";
import { tell } from "../output/print.ts";
import { settingsFor } from "../settings-for.ts";

/** Options of `serve`. */
export interface ServeOptions extends CommonOptions {
  readonly listen: string;
}

/**
 * Serves the pages of a lake until SIGINT or SIGTERM, whether or not a daemon runs; writes nothing.
 * @throws Failure USAGE, CONFIG_INVALID
 */
export async function serve(options: ServeOptions, context: Context): Promise<number> {
  const address = listenAddress(options.listen);
  if (address === undefined) throw new Failure("USAGE", `--listen ${options.listen}: ${LISTEN}`);
  const settings = settingsFor(options, context);
  const stopping = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  const pages = await servePages(settings, address, (path, code, message) =>
    tell(context, `staging-sampler: ${code}: ${path}: ${message}`),
  );
  tell(context, `${settings.prefix} is shown at ${pages.url}, until Ctrl-C`);
  await stopping;
  pages.close();
  return exitCodes.done;
}
