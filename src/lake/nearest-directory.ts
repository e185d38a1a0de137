import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** The nearest path that is there: this one, or one above it. */
export async function nearestDirectory(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  return found === undefined && path !== dirname(path) ? nearestDirectory(dirname(path)) : path;
}
