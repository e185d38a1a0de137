import { loadConfigApart } from "../config/load-apart.ts";
import type { Settings } from "../config/settings.ts";
import type { CommonOptions, Context } from "./command.ts";

/**
 * The settings, without anything that is needed only to read them: a process that works should be
 * small. @throws Failure CONFIG_INVALID
 */
export function settingsApart(
  { config, prefix }: CommonOptions,
  { env }: Context,
): Promise<Settings> {
  return loadConfigApart({ config, prefix, env });
}
