import { resolve } from "node:path";
import { readMaskKey } from "../config/mask-key.ts";
import type { Settings } from "../config/settings.ts";
import { Failure } from "../errors.ts";
import { isUrl, shownBronze } from "../lib/bronze-url.ts";
import type { Mask } from "../masking/mask.ts";
import { createMasks, masksAny } from "../masking/masks.ts";
import { openStoreIfAny } from "../store/open.ts";
import { datasetsOf, realOf } from "./find.ts";

/**
 * The mask under which a file, or an object by its URL, may be shown: that of the dataset it lies
 * in, or of one whose bronze it is. Undefined where it may be shown as it is, as where there are no
 * settings.
 * @throws Failure CONFIG_INVALID where the key cannot be read
 */
export async function maskOfFile(
  file: string,
  settings: Settings | undefined,
): Promise<Mask | undefined> {
  if (settings === undefined || !masksAny(settings)) return undefined;
  const isMasked = (dataset: string) => settings.forDataset(dataset).mask !== null;
  const inLake = isUrl(file) ? [] : await datasetsOf(resolve(file), settings);
  const masked = inLake.find(isMasked) ?? (await datasetsWithBronze(file, settings)).find(isMasked);
  return masked === undefined ? undefined : createMasks(settings, readMaskKey).of(masked);
}

/** The mask of a dataset; of a file that is in none, where there are masks, nothing is known. */
export function maskOfDataset(dataset: string | null, settings: Settings): Mask | undefined {
  if (!masksAny(settings)) return undefined;
  if (dataset !== null) return createMasks(settings, readMaskKey).of(dataset);
  const why = "it is not known which dataset it is of, and some are masked";
  throw new Failure("MASK_IMPOSSIBLE", why);
}

async function datasetsWithBronze(file: string, settings: Settings): Promise<readonly string[]> {
  await using store = await openStoreIfAny(settings);
  if (store === undefined) return [];
  const real = isUrl(file) ? shownBronze(file) : ((await realOf(file)) ?? file);
  const paths = [real, isUrl(file) ? file : resolve(file)];
  const raws = await store.queries.rawsOfBronze({ dataset: undefined, paths });
  return raws.map(({ dataset }) => dataset);
}
