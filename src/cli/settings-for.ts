import { loadConfig } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { CommonOptions, Context } from "./command.ts";

/** The settings for a command that ends soon. @throws Failure CONFIG_INVALID */
export function settingsFor({ config, prefix }: CommonOptions, { env }: Context): Settings {
  return loadConfig({ config, prefix, env });
}
