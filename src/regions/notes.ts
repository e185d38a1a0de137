import { Failure } from "../errors.ts";
import { DOCUMENT, documentBytes, parseDocument, type StagingDocument } from "./document.ts";
import type { Region } from "./region.ts";

/** A document, and what tells this version of it from any other. */
export interface Read {
  readonly document: StagingDocument;
  readonly etag: string;
}

/** Reads what a region's bucket says of a staging; undefined where it has none. @throws Failure */
export async function readDocument({ bucket }: Region, id: string): Promise<Read | undefined> {
  const found = await bucket.get(`${id}/${DOCUMENT}`);
  if (found === undefined) return undefined;
  const location = `s3://${bucket.name}/${id}/${DOCUMENT}`;
  return { document: parseDocument(found.bytes, location), etag: found.etag };
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

/** Changes one that was read. @throws Failure ALREADY_RUNNING where another process has changed it since */
export async function changeDocument(
  region: Region,
  { document, etag }: Read,
  change: Partial<StagingDocument>,
): Promise<Read> {
  const next = await tryChange(region, { document, etag }, change);
  if (next === undefined) throw taken(region, document.staging_id);
  return next;
}

/** The same; undefined where another process has changed it since. @throws Failure */
export async function tryChange(
  { bucket }: Region,
  { document, etag: inPlaceOf }: Read,
  change: Partial<StagingDocument>,
): Promise<Read | undefined> {
  const next = { ...document, ...change };
  const key = `${document.staging_id}/${DOCUMENT}`;
  const etag = await bucket.put(key, documentBytes(next), { only: { inPlaceOf } });
  return etag === undefined ? undefined : { document: next, etag };
}

/** The failure where another process changes a document again and again. */
export function taken({ name }: Region, id: string): Failure {
  return new Failure("ALREADY_RUNNING", `${id}: another process is at it in ${name}`);
}
