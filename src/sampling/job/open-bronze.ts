import { basename } from "node:path";
import type { Job } from "../../job.ts";
import { openBronze } from "../../lake/local-file.ts";
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
  { bronze, raw }: Job,
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
  return openBronze(directory, bronze, { ...where, ...reading, memory });
}

function warningsOf({ requests, hasVersion }: RemoteSource): readonly string[] {
  if (requests() === 1 || hasVersion()) return [];
  return ["its server does not tell versions apart: a change while it was read would not be seen"];
}
