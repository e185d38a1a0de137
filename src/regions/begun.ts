import { errorMessage, Failure } from "../errors.ts";
import type { RateLimit } from "../transfer/rate.ts";
import type { StagingDocument } from "./document.ts";
import { changeDocument, type Read } from "./notes.ts";
import type { Region, RegionsContext } from "./region.ts";
import { removeIfDeleted } from "./remove.ts";

/** A region, and what its bucket says of a staging that is being sent. */
export interface Begun {
  readonly region: Region;
  readonly read: Read;
}

/** Progress of an upload. */
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

/** The change of a document by which its region has all, from now on. */
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
 * @throws the signal's reason; Failure ALREADY_RUNNING where another process sends it, or deleted it
 */
export async function orFailed(
  begun: Begun,
  signal: AbortSignal,
  work: () => Promise<StagingDocument>,
): Promise<Ended> {
  try {
    return await work().then(
      (document) => ({ document }),
      (error: unknown) => {
        if (signal.aborted || isTaken(error)) throw error;
        return endedBy(error, begun);
      },
    );
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    // What was sent since would stay for ever.
    if (isTaken(error)) await removeIfDeleted(begun.region, begun.read.document.staging_id);
    throw error;
  }
}

async function endedBy(error: unknown, begun: Begun): Promise<Ended> {
  const code = error instanceof Failure ? error.code : "UNEXPECTED";
  return { document: await failed(begun, `${code}: ${errorMessage(error)}`), code };
}

/**
 * Notes why; where even that fails, the document still says that it is not complete.
 * @throws Failure ALREADY_RUNNING as `changeDocument`
 */
export async function failed({ region, read }: Begun, reason: string): Promise<StagingDocument> {
  const change = { state: "failed", reason } as const;
  try {
    return (await changeDocument(region, read, change)).document;
  } catch (error) {
    if (isTaken(error)) throw error;
    return { ...read.document, ...change, reason: `${reason}; ${errorMessage(error)}` };
  }
}

/** True where another process sends it, or deleted it. */
export function isTaken(error: unknown): boolean {
  return error instanceof Failure && error.code === "ALREADY_RUNNING";
}
