import { errorMessage, Failure } from "../errors.ts";
import { forEach } from "../lib/for-each.ts";
import { createBuffers } from "./buffers.ts";
import { FILES, type StagingDocument } from "./document.ts";
import { createList, withListPath } from "./file-list.ts";
import { changeDocument, type Read, readDocument, tryChange } from "./notes.ts";
import type { Region } from "./region.ts";
import { removeIfDeleted } from "./remove.ts";
import { checkListing, copyFiles } from "./replicate.ts";
import { sendFile } from "./send-file.ts";
import type { SendOptions } from "./sending.ts";
import { filesOf, type Source } from "./walk.ts";

/** A region, and what its bucket says of the staging. */
export interface Begun {
  readonly region: Region;
  readonly read: Read;
}

/** Options of `sendToRegions`. */
export interface UploadOptions {
  readonly source: Source;
  /** The first one gets the files from here, the others from it. */
  readonly regions: readonly [Begun, ...Begun[]];
  readonly isAgain: boolean;
  readonly partBytes: number;
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: UploadProgress) => void;
}

/** How far an upload is. */
export interface UploadProgress {
  readonly region: string;
  /** Bytes that are there now. */
  readonly bytes: number;
}

/** Bytes of all buffers: four parts of the usual size. */
const BUFFER_BYTES = 64 * 1024 ** 2;
/** Files that are sent at once; together they have no more than those buffers. */
const FILES_AT_ONCE = 16;

/**
 * Sends a staging to its first region, then has it copied to the others. What a region's document says
 * last is what it has: `complete`, or `failed` with a reason. A region that fails does not stop the
 * others, but the first one does.
 * @returns the documents of all regions
 * @throws Failure where the first region fails; the signal's reason: `resume` goes on then
 */
export async function sendToRegions(options: UploadOptions): Promise<readonly StagingDocument[]> {
  const [first, ...others] = options.regions;
  return await withListPath(async (list) => {
    const done = await orFailed(first, options, () => sendAll(first, { ...options, list }));
    if (done.document.state !== "complete") {
      await Promise.all(others.map((other) => failed(other, done.document.reason ?? "")));
      throw new Failure(done.code ?? "UNEXPECTED", done.document.reason ?? "");
    }
    const documents = [done.document];
    for (const to of others) {
      const work = () => copyAll(to, { ...options, list, from: first.region, of: done.document });
      documents.push((await orFailed(to, options, work)).document);
    }
    return documents;
  });
}

interface WithList extends UploadOptions {
  readonly list: string;
}

async function sendAll(begun: Begun, options: WithList): Promise<StagingDocument> {
  const { region } = begun;
  const { source, list, onProgress, isAgain, partBytes } = options;
  const id = begun.read.document.staging_id;
  const written = await createList(list);
  const counts = { files: 0, bytes: 0, sent: 0 };
  let sha256: string | null = null;
  const onBytes = (bytes: number) => {
    counts.sent += bytes;
    onProgress({ region: region.name, bytes: counts.sent });
  };
  const buffers = createBuffers(BUFFER_BYTES);
  const sending: SendOptions = { bucket: region.bucket, buffers, partBytes, isAgain, onBytes };
  try {
    await forEach(filesOf(source), FILES_AT_ONCE, async ({ name, path }) => {
      const sent = await sendFile(path, `${id}/${name}`, sending);
      counts.files += 1;
      counts.bytes += sent.bytes;
      sha256 = source.kind === "file" ? sent.sha256 : null;
      written.add({ path: name, ...sent });
    });
  } finally {
    await written.end();
  }
  const files = await sendFile(list, `${id}/${FILES}`, { ...sending, onBytes: () => {} });
  await checkListing(region, id, counts);
  const totals = { size_bytes: counts.bytes, file_count: counts.files };
  const known = { ...totals, sha256, files_sha256: files.sha256 };
  return (await changeDocument(region, begun.read, { ...known, ...complete })).document;
}

const complete = { state: "complete", reason: null } as const;

interface Copying extends WithList {
  readonly from: Region;
  /** The complete one. */
  readonly of: StagingDocument;
}

async function copyAll(
  { region, read }: Begun,
  { from, of, list, isAgain, partBytes, stallMs, signal, onProgress }: Copying,
): Promise<StagingDocument> {
  const id = of.staging_id;
  const { size_bytes, file_count, sha256, files_sha256 } = of;
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
    onProgress({ region: region.name, bytes });
  };
  await copyFiles({ id, from, to: region, list, isAgain, stallMs, signal, onBytes });
  const buffers = createBuffers(partBytes);
  const sending = { bucket: region.bucket, buffers, partBytes, isAgain, onBytes: () => {} };
  await sendFile(list, `${id}/${FILES}`, sending);
  const verifying = await changeDocument(region, read, { state: "verifying" });
  await checkListing(region, id, { files: file_count, bytes: size_bytes });
  const known = { size_bytes, file_count, sha256, files_sha256 };
  return (await changeDocument(region, verifying, { ...known, ...complete })).document;
}

interface Ended {
  readonly document: StagingDocument;
  readonly code?: Failure["code"];
}

/** The document that work ends with; one that says why where it fails. @throws the signal's reason */
async function orFailed(
  begun: Begun,
  { signal }: Pick<UploadOptions, "signal">,
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
async function failed({ region, read }: Begun, reason: string): Promise<StagingDocument> {
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
