import { keyOf } from "../storage/identity.ts";
import type { DownloadOptions } from "../transfer/options.ts";
import type { StagingContext, Wanted } from "./context.ts";

/** The key that the store knows an object by: decompressed it is another one. */
export function objectKey({ url, decompress = false }: Wanted): string {
  return keyOf(url, ...(decompress ? ["decompressed"] : []));
}

/** The key of a transfer: who expects something else of an object has a transfer of their own. */
export function transferKey(wanted: Wanted): string {
  const { url, sha256 = "", bytes = "", decompress = false } = wanted;
  return keyOf(url, sha256, String(bytes), String(decompress));
}

/** The limits that every transfer has, from the configuration. */
export function limitsOf({
  settings,
  rate,
}: Pick<StagingContext, "settings" | "rate">): Pick<
  DownloadOptions,
  "retries" | "stallMs" | "maxBytes" | "parts" | "partBytes" | "ratio" | "limit"
> {
  const { retries, stallMs, maxBytes, parts, partBytes, ratio } = settings;
  return { retries, stallMs, maxBytes, parts, partBytes, ratio, limit: rate };
}
