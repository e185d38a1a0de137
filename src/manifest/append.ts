import { Failure } from "../errors.ts";
import { appendAtOnce, datasetDirectory, mtimeOf, whyNoLine } from "./append-lines.ts";

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
  const directory = datasetDirectory(prefix, dataset);
  const mtime = options.mtime ?? (await mtimeOf(directory, [raw, bronze]));
  const line = JSON.stringify({ raw, bronze, mtime });
  const reason = whyNoLine(line);
  if (reason !== undefined) throw new Failure("USAGE", reason);
  await appendAtOnce(directory, Buffer.from(`${line}\n`));
  return line;
}
