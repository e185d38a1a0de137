import { readFileSync } from "node:fs";
import { Failure } from "../errors.ts";
import { systemMessage } from "../lake/errors.ts";
import type { HostGuard } from "./agents.ts";
import type { Endpoints } from "./endpoints.ts";
import { createStorages, type Storages } from "./index.ts";

/** Settings on which storages depend. */
export interface StorageSettings {
  readonly endpoints: Endpoints;
  /** `staging.caFile` */
  readonly caFile?: string | undefined;
}

/** Makes the storages of a configuration. @throws Failure CONFIG_INVALID */
export function storagesOf(settings: StorageSettings, guard?: HostGuard): Storages {
  return createStorages({ ca: authorities(settings), endpoints: settings.endpoints, guard });
}

/** Certificates of private authorities, PEM. @throws Failure CONFIG_INVALID */
export function authorities({ caFile }: Pick<StorageSettings, "caFile">): string | undefined {
  if (caFile === undefined) return undefined;
  try {
    return readFileSync(caFile, "utf8");
  } catch (error) {
    const message = `staging.caFile: ${caFile}: ${systemMessage(error)}`;
    throw new Failure("CONFIG_INVALID", message, { cause: error });
  }
}
