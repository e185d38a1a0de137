import type { Names } from "./cache/accept.ts";
import type { DatasetSettings } from "./config/settings.ts";
import { formatOfName } from "./formats/index.ts";
import { unknown } from "./formats/unknown.ts";
import { samplePath } from "./samples/path.ts";

/** The names a raw's sample may have, the plain one first, going by raw's own name. */
export function expectedNames(raw: string, settings: DatasetSettings): Names {
  return namesWith(raw, expectedExtension(raw, settings), settings);
}

/** The names a raw's sample may have with an extension; null for raw's own. */
export function namesWith(raw: string, extension: string | null, settings: DatasetSettings): Names {
  return { candidates: candidates(raw, extension, settings), extension };
}

/** The second name needs a hash, and is hardly ever wanted: it is made when it is asked for. */
function* candidates(
  raw: string,
  extension: string | null,
  { layout }: DatasetSettings,
): Generator<string> {
  yield samplePath(raw, { layout, extension });
  yield samplePath(raw, { layout, extension, taken: true });
}

function expectedExtension(raw: string, { extensions }: DatasetSettings): string | null {
  return (formatOfName(raw, extensions) ?? unknown).sampleExtension ?? null;
}
