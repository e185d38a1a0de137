import type { KeyObject } from "node:crypto";
import type { MaskSettings } from "../config/mask-settings.ts";
import type { Settings } from "../config/settings.ts";
import { recognise } from "../formats/index.ts";
import type { SampleRequest } from "../formats/types.ts";
import { createMask, type Mask } from "./mask.ts";

/** True where a configuration masks anything at all. */
export function masksAny({ mask, overrides }: Pick<Settings, "mask" | "overrides">): boolean {
  return mask !== null || overrides.some((one) => one.mask !== undefined && one.mask !== null);
}

/** The masks of a lake. */
export interface Masks {
  /**
   * The mask of a dataset; undefined where its samples are verbatim.
   * @throws what reading the key throws
   */
  of(dataset: string): Mask | undefined;
  /** Reads all keys that the configuration names. @throws what reading one throws */
  checkKeys(): void;
}

/** Creates the masks of a configuration. Each key is read once, when it is first needed. */
export function createMasks(settings: Settings, readKey: (path: string) => KeyObject): Masks {
  const keys = new Map<string, KeyObject>();
  const masks = new Map<MaskSettings, Mask>();
  return {
    of(dataset) {
      const { mask } = settings.forDataset(dataset);
      if (mask === null) return undefined;
      const known = masks.get(mask) ?? createMask(mask, keyAt(mask.key));
      masks.set(mask, known);
      return known;
    },
    checkKeys() {
      for (const mask of [settings.mask, ...settings.overrides.map((one) => one.mask)])
        if (mask?.key !== undefined) keyAt(mask.key);
    },
  };

  function keyAt(path: string): KeyObject {
    const key = keys.get(path) ?? readKey(path);
    keys.set(path, key);
    return key;
  }
}

/** Recognises what a container holds, as far as the mask of its dataset allows to list it. */
export function recogniseUnder(mask: Mask | undefined): SampleRequest["recognise"] {
  if (mask === undefined) return recognise;
  return async (request) => {
    const found = await recognise(request);
    mask.check(found);
    return found;
  };
}
