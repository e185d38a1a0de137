import { mkdir, open, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { MANIFEST_PATH } from "../lake/dataset.ts";
import { shownBronze } from "../lib/bronze-url.ts";
import { pathBytes } from "../lib/pep383.ts";
import { MAX_LINE_BYTES, parseLine } from "./entry.ts";

/** The directory of a dataset. @throws Failure USAGE where its name is none of one */
export function datasetDirectory(prefix: string, dataset: string): string {
  const parts = dataset.split("/");
  if (parts.length === 3 && parts.every((part) => part !== "" && part !== "." && part !== ".."))
    return join(prefix, dataset);
  throw new Failure("USAGE", `not a dataset: ${dataset} (it is vendor/dataset/version)`);
}

/** The reason why the reader of manifests would reject a line; undefined for an entry. */
export function whyNoLine(line: string): string | undefined {
  const { reason } = parseLine(line);
  const bytes = Buffer.byteLength(line) + 1;
  if (reason !== undefined || bytes <= MAX_LINE_BYTES) return reason;
  return `an entry may have ${MAX_LINE_BYTES} bytes, this one has ${bytes}`;
}

/**
 * Appends lines to the manifest of a dataset's directory with one write: no other program's lines can
 * get between them. Creates the directory of manifests if there is none.
 * @throws Failure MANIFEST_UNREADABLE
 */
export async function appendAtOnce(directory: string, lines: Uint8Array): Promise<void> {
  const path = join(directory, MANIFEST_PATH);
  try {
    const handle = await open(path, "a", 0o640).catch(async (error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
      await mkdir(dirname(path), { recursive: true, mode: 0o750 });
      return open(path, "a", 0o640);
    });
    try {
      const { bytesWritten } = await handle.write(lines);
      if (bytesWritten === lines.length) return;
      await handle.write("\n").catch(() => undefined);
      throw new Error(
        `only ${bytesWritten} of ${lines.length} bytes were written: is the disk full?`,
      );
    } finally {
      await handle.close();
    }
  } catch (error) {
    const message = `cannot append to ${path}: ${errorMessage(error)}`;
    throw new Failure("MANIFEST_UNREADABLE", message, { cause: error });
  }
}

/** The mtime of the first of some files of a dataset that is there, seconds. @throws Failure USAGE */
export async function mtimeOf(directory: string, paths: readonly string[]): Promise<number> {
  for (const path of paths) {
    const file = isAbsolute(path) ? path : join(directory, path);
    const found = await stat(pathBytes(file)).catch(() => undefined);
    if (found !== undefined) return found.mtimeMs / 1000;
  }
  const shown = paths.map(shownBronze).join(" nor ");
  throw new Failure("USAGE", `no mtime: neither ${shown} is there; give the mtime`);
}
