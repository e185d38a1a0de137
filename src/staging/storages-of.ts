import { readFileSync } from "node:fs";
import type { StagingSettings } from "../config/staging-settings.ts";
import { Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import type { HostGuard } from "../storage/agents.ts";
import { createStorages, type Storages } from "../storage/index.ts";

/** Makes the storages of a configuration. @throws Failure CONFIG_INVALID */
export function storagesOf(
  settings: Pick<StagingSettings, "caFile" | "endpoints">,
  guard?: HostGuard,
): Storages {
  return createStorages({ ca: authorities(settings), endpoints: settings.endpoints, guard });
}

function authorities({ caFile }: Pick<StagingSettings, "caFile">): string | undefined {
  if (caFile === undefined) return undefined;
  try {
    return readFileSync(caFile, "utf8");
  } catch (error) {
    const message = `staging.caFile: ${caFile}: ${systemMessage(error)}`;
    throw new Failure("CONFIG_INVALID", message, { cause: error });
  }
}
