import { basename } from "node:path";
import type { Job } from "../../job.ts";
import { openBronze, openRaw } from "../../lake/local-file.ts";
import { isUrl } from "../../lib/bronze-url.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Source } from "../../lib/source.ts";
import type { RemoteSource } from "../../storage/source.ts";
import type { OpenRemoteBronze } from "./remote-bronze.ts";
import type { Workplace } from "./workplace.ts";

/** A bronze file of this machine, or an object elsewhere, while it is sampled. */
export interface Bronze extends Source {
  /** Bytes read so far. */
  readBytes(): number;
  /** Requests sent so far, for an object. */
  requests?(): number;
  /** Of a file of this machine. */
  readonly inode?: string;
  /** True where all that was read is of one version. @throws Failure FILE_UNREADABLE */
  isUnchanged(): boolean;
  /** The warnings about how it was read. */
  warnings?(): readonly string[];
  close(): void;
}

/** Options of `openBronzeOf`. */
export interface BronzeOptions {
  readonly workplace: Workplace;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  /** As in `OpenOptions` of a local file. */
  readonly memory: Buffer;
  readonly openRemote: OpenRemoteBronze;
}

/** Opens a job's bronze. @throws Failure, as `openBronze` and `OpenRemoteBronze` */
export async function openBronzeOf(
  { bronze, raw, inode }: Job,
  { workplace, limits: { readBytes }, signal, memory, openRemote }: BronzeOptions,
): Promise<Bronze> {
  const reading = { name: basename(raw), readBytes, signal };
  if (isUrl(bronze)) {
    const object = await openRemote(bronze, reading);
    // Each request was for the version of the first one.
    return { ...object, isUnchanged: () => true, warnings: () => warningsOf(object) };
  }
  const { directory, real, roots } = workplace.dataset;
  const where = { roots: [real, ...roots.all], unknownRoot: roots.unknown };
  const options = { ...where, ...reading, memory };
  if (inode === undefined) return openBronze(directory, bronze, options);
  const file = openRaw(directory, bronze, options);
  return { ...file, isUnchanged: file.isWhole };
}

function warningsOf({ requests, hasVersion }: RemoteSource): readonly string[] {
  if (requests() === 1 || hasVersion()) return [];
  return ["its server does not tell versions apart: a change while it was read would not be seen"];
}
