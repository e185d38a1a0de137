import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { bronzePath } from "../lake/local-file.ts";
import { isUrl } from "../lib/bronze-url.ts";
import { type CodeLine, codeLines } from "../view/code.ts";
import type { Shown } from "./show.ts";

/**
 * The lines with which programs read a file: that in bronze; an object elsewhere has its sample read,
 * since its URL may have a secret.
 */
export function codeOf(
  { entry, path, view }: Pick<Shown, "entry" | "path" | "view">,
  { prefix }: Pick<Settings, "prefix">,
): readonly CodeLine[] {
  if (view === null || path === null) return [];
  const isHere = entry !== null && !isUrl(entry.bronze);
  const file = isHere ? bronzePath(join(prefix, entry.dataset), entry.bronze) : path;
  return codeLines(file, view);
}
