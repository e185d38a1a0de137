import { errorMessage, Failure } from "../errors.ts";
import type { RateLimit } from "../transfer/rate.ts";
import type { StagingDocument } from "./document.ts";
import { type Read, readDocument, tryChange } from "./notes.ts";
import type { Region, RegionsContext } from "./region.ts";
import { removeIfDeleted } from "./remove.ts";

/** A region, and what its bucket says of a staging that is being sent. */
export interface Begun {
  readonly region: Region;
  readonly read: Read;
}

/** How far an upload is. */
export interface UploadProgress {
  readonly region: string;
  /** Bytes that are there now. */
  readonly bytes: number;
}

/** All that sending and copying share. */
export interface Sending extends RegionsContext {
  /** The list of the files, on this machine. */
  readonly list: string;
  /** True where an earlier process may have sent some of it: what is there and right stays. */
  readonly isAgain: boolean;
  readonly limit: RateLimit;
  readonly onProgress: (progress: UploadProgress) => void;
}

/** What a document says of a region that has all, from now on. */
export function completeNow() {
  return { state: "complete", reason: null, completed_at: new Date().toISOString() } as const;
}

/** The end of work on a region. */
export interface Ended {
  readonly document: StagingDocument;
  readonly code?: Failure["code"];
}

/**
 * The document that work ends with; one that says why where it fails.
 * @throws the signal's reason; Failure ALREADY_RUNNING where another process changed it, or deleted it
 */
export async function orFailed(
  begun: Begun,
  signal: AbortSignal,
  work: () => Promise<StagingDocument>,
): Promise<Ended> {
  try {
    return { document: await work() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const code = error instanceof Failure ? error.code : "UNEXPECTED";
    if (code === "ALREADY_RUNNING") {
      await removeIfDeleted(begun.region, begun.read.document.staging_id);
      throw error;
    }
    return { document: await failed(begun, `${code}: ${errorMessage(error)}`), code };
  }
}

/** Notes why; where even that fails, the document still says that it is not complete. */
export async function failed({ region, read }: Begun, reason: string): Promise<StagingDocument> {
  const change = { state: "failed", reason } as const;
  const { document } = read;
  try {
    const now = await readDocument(region, document.staging_id);
    const noted = now === undefined ? undefined : await tryChange(region, now, change);
    return noted?.document ?? { ...document, ...change };
  } catch (error) {
    return { ...document, ...change, reason: `${reason}; ${errorMessage(error)}` };
  }
}
