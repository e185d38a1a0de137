import type { StagingSettings } from "../../config/staging-settings.ts";
import { Failure } from "../../errors.ts";
import { entriesOf, type ManifestEntry } from "../../staging/data-manifest.ts";

/**
 * Reads a manifest of somebody else: nothing of this machine is fetched for them, and no command is
 * run; S3 only at services of the configuration.
 * @throws Failure USAGE, PATH_REFUSED
 */
export function entriesForOthers(
  manifest: unknown,
  { endpoints }: Pick<StagingSettings, "endpoints">,
): readonly ManifestEntry[] {
  const entries = entriesOf(manifest);
  for (const { name, location, refresh } of entries) {
    const [, protocol] = /^([a-z][\w+.-]*):\/\//i.exec(location ?? "https://") ?? [];
    const isWeb = /^https?$/i.test(protocol ?? "");
    const isConfigured = /^s3$/i.test(protocol ?? "") && Object.keys(endpoints).length > 0;
    if (!isWeb && !isConfigured)
      throw new Failure(
        "PATH_REFUSED",
        `${name}: only https:// and http:// are fetched for others`,
      );
    if (typeof refresh === "object")
      throw new Failure("PATH_REFUSED", `${name}: refresh is an endpoint here, and no command`);
  }
  return entries;
}
