import type { StagingSettings } from "../config/staging-settings.ts";
import type { DownloadOptions } from "./options.ts";
import type { RateLimit } from "./rate.ts";

/** The limits that every transfer has, from the configuration. */
export function limitsOf({
  settings,
  rate,
}: {
  readonly settings: StagingSettings;
  /** The rate of all transfers of this process together. */
  readonly rate: RateLimit;
}): Pick<
  DownloadOptions,
  "retries" | "stallMs" | "maxBytes" | "parts" | "partBytes" | "ratio" | "limit"
> {
  const { retries, stallMs, maxBytes, parts, partBytes, ratio } = settings;
  return { retries, stallMs, maxBytes, parts, partBytes, ratio, limit: rate };
}
