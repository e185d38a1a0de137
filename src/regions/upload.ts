import { Failure } from "../errors.ts";
import { forEach } from "../lib/for-each.ts";
import { createRateLimit } from "../transfer/rate.ts";
import { type Begun, completeNow, failed, isTaken, orFailed, type Sending } from "./begun.ts";
import { BUFFER_BYTES, createBuffers } from "./buffers.ts";
import { copyRegion, type Whole } from "./copy-region.ts";
import { FILES, newSender, type StagingDocument } from "./document.ts";
import { fetchList } from "./fetch-object.ts";
import { createList, objectOf, withListPath } from "./file-list.ts";
import { objectName } from "./compression.ts";
import { changeDocument, changeLatest } from "./notes.ts";
import type { RegionsContext } from "./region.ts";
import { removeGone } from "./remove-gone.ts";
import { requestsOf } from "./requests.ts";
import { checkListing } from "./replicate.ts";
import { sendFile, type SendFileOptions } from "./send-file.ts";
import { filesOf, type Source } from "./walk.ts";

/** Options of `sendToRegions`. */
export interface UploadOptions extends Pick<Sending, "isAgain" | "onProgress"> {
  /** Undefined where a region is complete: the others get it from there. */
  readonly source: Source | undefined;
  /** The first one gets the files from here, the others from it. */
  readonly begun: readonly [Begun, ...Begun[]];
}

/** Files that are sent at once; together they have no more than those buffers. */
const FILES_AT_ONCE = 16;

/**
 * Sends a staging to its first region, then has it copied to the others. What a region's document says
 * last is what it has: `complete`, or `failed` with a reason. A region that fails does not stop the
 * others, but the first one does.
 * @returns the documents of all regions
 * @throws Failure where the first region fails; the signal's reason: `resume` goes on then
 */
export async function sendToRegions(
  { source, begun, ...options }: UploadOptions,
  context: RegionsContext,
): Promise<readonly StagingDocument[]> {
  const limit = createRateLimit(context.settings.bytesPerSecond);
  return await withListPath(async (list) => {
    const sending: Sending = { ...context, ...options, limit, list };
    const whole = await firstWhole(begun, source, sending);
    const documents: StagingDocument[] = [];
    for (const to of begun) {
      if (to.region === whole.region) documents.push(whole.document);
      else if (to.read.document.state === "complete") documents.push(to.read.document);
      else {
        const work = () => copyRegion(to, whole, sending);
        documents.push((await orFailed(to, context.signal, work)).document);
      }
    }
    return documents;
  });
}

/** The region that the others get it from. @throws as `sendToRegions` */
async function firstWhole(
  begun: UploadOptions["begun"],
  source: Source | undefined,
  sending: Sending,
): Promise<Whole> {
  const there = begun.find(({ read }) => read.document.state === "complete");
  if (there !== undefined) {
    const whole = { region: there.region, document: there.read.document };
    await fetchList(whole, sending.list, sending);
    return whole;
  }
  const [first, ...others] = begun;
  const work = () => sendAll(first, source as Source, sending);
  const { document, code } = await orFailed(first, sending.signal, work).catch(
    async (error: unknown) => {
      if (isTaken(error)) await doubt(first);
      throw error;
    },
  );
  if (document.state === "complete") return { region: first.region, document };
  const reason = document.reason ?? "";
  // What another process says of them stays.
  await Promise.allSettled(others.map((other) => failed(other, reason)));
  throw new Failure(code ?? "UNEXPECTED", reason.slice(reason.indexOf(": ") + 2));
}

/**
 * Two processes sent it, and the files may have changed between: what lies there can be of either, so
 * neither is right.
 */
async function doubt({ region, read }: Begun): Promise<void> {
  const reason = "another process sent it at the same time";
  await changeLatest(region, read.document.staging_id, ({ state }) =>
    state === "deleting" ? undefined : { state: "failed", reason, sender: newSender() },
  );
}

async function sendAll(
  { region, read }: Begun,
  source: Source,
  { list, isAgain, limit, settings, signal, onProgress }: Sending,
): Promise<StagingDocument> {
  const { staging_id: id, compression } = read.document;
  if (isAgain) await removeGone(region, read.document, source);
  const written = await createList(list);
  const counts = { files: 0, bytes: 0, stored: 0, sent: 0, requests: 0 };
  let sha256: string | null = null;
  const sending: SendFileOptions = {
    bucket: region.bucket,
    buffers: createBuffers(BUFFER_BYTES),
    partBytes: settings.partBytes,
    isAgain,
    limit,
    signal,
    onBytes(bytes) {
      counts.sent += bytes;
      onProgress({ region: region.name, bytes: counts.sent });
    },
  };
  try {
    await forEach(filesOf(source), FILES_AT_ONCE, async ({ name, path }) => {
      const key = `${id}/${objectName(name, compression)}`;
      const sent = await sendFile(path, key, { ...sending, compression });
      const file = { path: name, ...sent };
      const object = objectOf(file);
      counts.files += 1;
      counts.bytes += file.bytes;
      counts.stored += object.bytes;
      counts.requests += requestsOf(object);
      sha256 = source.kind === "file" ? file.sha256 : null;
      written.add(file);
    });
  } finally {
    await written.end();
  }
  const files = await sendFile(list, `${id}/${FILES}`, { ...sending, onBytes: () => {} });
  await checkListing(region, id, { files: counts.files, bytes: counts.stored });
  const stored = compression === undefined ? {} : { stored_bytes: counts.stored };
  const totals = {
    size_bytes: counts.bytes,
    file_count: counts.files,
    put_requests: counts.requests,
    ...stored,
  };
  const known = { ...totals, sha256, files_sha256: files.sha256 };
  return (await changeDocument(region, read, { ...known, ...completeNow() })).document;
}
