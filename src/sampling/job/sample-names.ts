import type { Expected, Names } from "../../store/ingest-store.ts";
import type { DatasetSettings } from "../../config/settings.ts";
import { formatOfName } from "../../formats/index.ts";
import { unknown } from "../../formats/unknown.ts";
import { samplePath } from "../../samples/path.ts";

/**
 * Everything besides raw that decides names: settings of the dataset, and the file system its
 * samples are on.
 */
export interface NameSettings extends Pick<DatasetSettings, "layout" | "extensions"> {
  readonly foldsCase?: boolean;
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
  { layout, foldsCase = false }: NameSettings,
): Names {
  return {
    foldsCase,
    plain: samplePath(raw, { layout, extension }),
    ifTaken: () => samplePath(raw, { layout, extension, taken: true }),
  };
}

function expectedExtension(raw: string, { extensions }: NameSettings): string | null {
  return (formatOfName(raw, extensions) ?? unknown).sampleExtension ?? null;
}
