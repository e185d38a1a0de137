import { type Begun, completeNow, type Sending } from "./begun.ts";
import { BUFFER_BYTES, createBuffers } from "./buffers.ts";
import { FILES, keptBytes, type StagingDocument } from "./document.ts";
import { changeDocument } from "./notes.ts";
import type { Region } from "./region.ts";
import { checkListing, copyFiles } from "./replicate.ts";
import { sendFile } from "./send-file.ts";

/** A region that has all, and what its bucket says. */
export interface Whole {
  readonly region: Region;
  readonly document: StagingDocument;
}

/** Has a region get all that another one has. @throws Failure; the signal's reason */
export async function copyRegion(
  { region, read }: Begun,
  from: Whole,
  sending: Sending,
): Promise<StagingDocument> {
  const { list, isAgain, limit, settings, signal, onProgress } = sending;
  const {
    staging_id: id,
    size_bytes,
    file_count,
    sha256,
    files_sha256,
    put_requests,
    stored_bytes,
  } = from.document;
  const { partBytes, stallMs } = settings;
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
    onProgress({ region: region.name, bytes });
  };
  const buffers = createBuffers(BUFFER_BYTES);
  const send = { bucket: region.bucket, buffers, partBytes, isAgain, limit, signal, onBytes };
  await copyFiles({ id, from: from.region, to: region, list, sending: send, stallMs });
  await sendFile(list, `${id}/${FILES}`, { ...send, onBytes: () => {} });
  const verifying = await changeDocument(region, read, { state: "verifying" });
  await checkListing(region, id, { files: file_count, bytes: keptBytes(from.document) });
  const stored = stored_bytes === undefined ? {} : { stored_bytes };
  const known = { size_bytes, file_count, sha256, files_sha256, put_requests, ...stored };
  return (await changeDocument(region, verifying, { ...known, ...completeNow() })).document;
}
