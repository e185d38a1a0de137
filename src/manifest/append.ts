import { mkdir, open, stat } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { errorCode, errorMessage, Failure } from "../errors.ts";
import { shownBronze } from "../lib/bronze-url.ts";
import { pathBytes } from "../lib/pep383.ts";
import { MANIFEST_PATH } from "./discover.ts";
import { MAX_LINE_BYTES, parseLine } from "./entry.ts";

/** Options of `appendEntry`: production's facts about one file. */
export interface AppendOptions {
  /** Root of the lake. */
  readonly prefix: string;
  /** `vendor/dataset/version`. */
  readonly dataset: string;
  readonly raw: string;
  readonly bronze: string;
  /** Seconds since epoch, of the raw file; read from raw, else from bronze, when not given. */
  readonly mtime?: number;
}

/**
 * Appends one entry to a dataset's manifest, with one write, so that many processes may do so at
 * once. Makes the manifests directory where it is missing. Returns the line, without line feed.
 * @throws Failure USAGE for a bad dataset, path or mtime; MANIFEST_UNREADABLE when the manifest
 * cannot be written.
 */
export async function appendEntry(options: AppendOptions): Promise<string> {
  const { prefix, dataset, raw, bronze } = options;
  const parts = dataset.split("/");
  if (parts.length !== 3 || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw new Failure("USAGE", `not a dataset: ${dataset} (it is vendor/dataset/version)`);
  }
  const directory = join(prefix, dataset);
  const mtime = options.mtime ?? (await mtimeOf(directory, [raw, bronze]));
  const line = JSON.stringify({ raw, bronze, mtime });
  const { reason } = parseLine(line);
  if (reason !== undefined) throw new Failure("USAGE", reason);
  const bytes = Buffer.from(`${line}\n`);
  if (bytes.length > MAX_LINE_BYTES) {
    throw new Failure(
      "USAGE",
      `an entry may have ${MAX_LINE_BYTES} bytes, this one has ${bytes.length}`,
    );
  }
  await writeOnce(join(directory, MANIFEST_PATH), bytes);
  return line;
}

async function writeOnce(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const handle = await open(path, "a", 0o640).catch(async (error: unknown) => {
      if (errorCode(error) !== "ENOENT") throw error;
      await mkdir(dirname(path), { recursive: true, mode: 0o750 });
      return open(path, "a", 0o640);
    });
    try {
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten === bytes.length) return;
      await handle.write("\n").catch(() => undefined);
      throw new Error(
        `only ${bytesWritten} of ${bytes.length} bytes were written: is the disk full?`,
      );
    } finally {
      await handle.close();
    }
  } catch (error) {
    const message = `cannot append to ${path}: ${errorMessage(error)}`;
    throw new Failure("MANIFEST_UNREADABLE", message, { cause: error });
  }
}

async function mtimeOf(directory: string, paths: readonly string[]): Promise<number> {
  for (const path of paths) {
    const file = isAbsolute(path) ? path : join(directory, path);
    const found = await stat(pathBytes(file)).catch(() => undefined);
    if (found !== undefined) return found.mtimeMs / 1000;
  }
  const shown = paths.map(shownBronze).join(" nor ");
  throw new Failure("USAGE", `no mtime: neither ${shown} is there; give --mtime`);
}
