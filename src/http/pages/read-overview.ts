import type { Settings } from "../../config/settings.ts";
import { stagingSettingsOf } from "../../config/staging-settings.ts";
import { type Overview, overviewOf } from "../../regions/overview.ts";
import { pricesOf } from "../../regions/price-file.ts";
import { hasStaging, openStaging } from "../../store/open.ts";

/** The stagings that this machine knows; undefined where it never looked. @throws Failure CACHE_UNUSABLE, CONFIG_INVALID */
export async function readOverview({ origin }: Settings): Promise<Overview | undefined> {
  const settings = stagingSettingsOf({ ...origin, env: process.env });
  if (!hasStaging(settings.state)) return undefined;
  const store = openStaging(settings.state);
  try {
    return await overviewOf(store.documents, settings, pricesOf(settings));
  } finally {
    await store.close();
  }
}
