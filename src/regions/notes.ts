import { Failure } from "../errors.ts";
import { DOCUMENT, documentBytes, parseDocument, type StagingDocument } from "./document.ts";
import type { Region } from "./region.ts";

/** A document, and what tells this version of it from any other. */
export interface Read {
  readonly document: StagingDocument;
  readonly etag: string;
}

/** Tries to change a document that others change at the same time. */
const TRIES = 5;

/** Reads what a region's bucket says of a staging; undefined where it has none. @throws Failure */
export async function readDocument(region: Region, id: string): Promise<Read | undefined> {
  const found = await region.bucket.get(`${id}/${DOCUMENT}`);
  if (found === undefined) return undefined;
  return { document: documentIn(region, id, found.bytes), etag: found.etag };
}

/**
 * The document that a region's bucket has of a staging.
 * @throws Failure FORMAT_INVALID, also where it is a copy of what another place says
 */
export function documentIn(
  { name, bucket }: Region,
  id: string,
  bytes: Uint8Array,
): StagingDocument {
  const location = `s3://${bucket.name}/${id}/${DOCUMENT}`;
  const document = parseDocument(bytes, location);
  const { staging_id, region } = document;
  if (staging_id !== id || region !== name)
    throw new Failure("FORMAT_INVALID", `${location} is of ${staging_id} in ${region}`);
  return document;
}

/** Writes a new one. @throws Failure ALREADY_RUNNING where there is one */
export async function createDocument(region: Region, document: StagingDocument): Promise<Read> {
  const { bucket } = region;
  const key = `${document.staging_id}/${DOCUMENT}`;
  const only = "where there is none";
  const etag = await bucket.put(key, documentBytes(document), { only });
  if (etag === undefined) throw taken(region, document.staging_id);
  return { document, etag };
}

/**
 * Changes what a document says, as the process that sends to the region. What others change, as the
 * expiry, stays.
 * @throws Failure ALREADY_RUNNING where another process sends now, or the staging is deleted
 */
export async function changeDocument(
  region: Region,
  { document: { staging_id: id, sender } }: Read,
  change: Partial<StagingDocument>,
): Promise<Read> {
  const next = await changeLatest(region, id, (now) => {
    if (now.state === "deleting") throw deleted(region, id);
    if (now.sender !== sender) throw taken(region, id);
    return change;
  });
  if (next === undefined) throw deleted(region, id);
  return next;
}

/**
 * Changes what a document says now, whoever else changes it at the same time. `changeOf` may have no
 * change: then it stays. Undefined where there is no document.
 * @throws Failure ALREADY_RUNNING where others change it again and again; what `changeOf` throws
 */
export async function changeLatest(
  region: Region,
  id: string,
  changeOf: (now: StagingDocument) => Partial<StagingDocument> | undefined,
): Promise<Read | undefined> {
  const { bucket } = region;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const now = await readDocument(region, id);
    const change = now === undefined ? undefined : changeOf(now.document);
    if (now === undefined || change === undefined) return now;
    const document = { ...now.document, ...change };
    const only = { inPlaceOf: now.etag };
    const etag = await bucket.put(`${id}/${DOCUMENT}`, documentBytes(document), { only });
    if (etag !== undefined) return { document, etag };
  }
  throw taken(region, id);
}

function taken({ name }: Region, id: string): Failure {
  return new Failure("ALREADY_RUNNING", `${id}: another process is at it in ${name}`);
}

function deleted({ name }: Region, id: string): Failure {
  return new Failure("ALREADY_RUNNING", `${id} is being deleted in ${name}`);
}
