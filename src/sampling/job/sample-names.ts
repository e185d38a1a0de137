import type { Expected, Names } from "../../store/ingest-store.ts";
import type { DatasetSettings } from "../../config/settings.ts";
import { asWanted, formatOfName } from "../../formats/index.ts";
import { isOftenDescribed, unknown } from "../../formats/unknown.ts";
import type { Limits } from "../../lib/limits.ts";
import { fileName } from "../../lib/text.ts";
import { extensionOf, samplePath } from "../../samples/path.ts";

/**
 * Everything besides raw that decides names: settings of the dataset, and the file system its
 * samples are on.
 */
export interface NameSettings extends Pick<DatasetSettings, "layout" | "extensions"> {
  /** Those of samples: by them a tar is only listed, or not. */
  readonly limits: Pick<Limits, "tarMembers">;
  readonly foldsCase?: boolean;
  /** Stands in place of raw's own name, where the mask hides that. */
  readonly hiddenName?: string | undefined;
}

/** Returns the names that a raw's sample may have, going by raw's own name. */
export function expectedNames(raw: string, settings: NameSettings): Expected {
  const extension = expectedExtension(raw, settings);
  return { names: namesWith(raw, extension, settings), extension };
}

/** The names a raw's sample may have with an extension; null for raw's own. */
export function namesWith(
  raw: string,
  extension: string | null,
  { layout, foldsCase = false, hiddenName }: NameSettings,
): Names {
  const shown = hiddenName === undefined ? raw : hiddenName + extensionOf(raw);
  return {
    foldsCase,
    plain: samplePath(shown, { layout, extension }),
    ifTaken: () => samplePath(shown, { layout, extension, taken: true }),
  };
}

/** Text has raw's own extension, whatever that is; so has a file whose name says nothing. */
function expectedExtension(raw: string, { extensions, limits }: NameSettings): string | null {
  const name = fileName(raw);
  const expected = formatOfName(name, extensions) ?? (isOftenDescribed(name) ? unknown : undefined);
  return (expected && asWanted(expected, limits))?.sampleExtension ?? null;
}
