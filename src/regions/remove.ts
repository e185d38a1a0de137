import { errorMessage, Failure } from "../errors.ts";
import { DOCUMENT, isId, type StagingDocument } from "./document.ts";
import { noteEnd } from "./ended.ts";
import { disallow } from "./grants.ts";
import { changeLatest, type Read, readDocument } from "./notes.ts";
import type { Region } from "./region.ts";
import type { Found } from "./stagings.ts";

/** The end of a staging in one region. */
export interface Removed {
  readonly region: string;
  /** Objects that were removed. */
  readonly objects: number;
  /** The reason why something is left; null where nothing is. */
  readonly left: string | null;
}

/** Looks at a bucket before nothing comes any more. */
const LOOKS = 5;

/**
 * Removes a staging from all regions that have it. First each document says `deleting`, so that whoever
 * looks knows, and any machine can go on; it goes last. What cannot be removed is said, and does not
 * stop the others. Undefined where `isWanted` says of the first document, as it is now, that it is not:
 * `update` changes that one first, too, so that one of both sees the other.
 * @throws Failure; the signal's reason
 */
export async function removeStaging(
  { reads }: Pick<Found, "reads">,
  isWanted: (document: StagingDocument) => boolean,
  signal: AbortSignal,
): Promise<readonly Removed[] | undefined> {
  const marked: Found["reads"][number][] = [];
  const failed: Removed[] = [];
  for (const { region, read } of reads) {
    const isFirst = marked.length + failed.length === 0;
    try {
      const now = await mark(region, read, isFirst ? isWanted : () => true);
      if (now === undefined) continue;
      if (now.document.state !== "deleting") return undefined;
      marked.push({ region, read: now });
    } catch (error) {
      if (signal.aborted || isFirst) throw error;
      failed.push({ region: region.name, objects: 0, left: errorMessage(error) });
    }
  }
  const removed = marked.map(({ region, read }) => removeIn(region, read.document, signal));
  return [...(await Promise.all(removed)), ...failed];
}

/** Says `deleting`, where it is wanted; undefined where there is no document any more. @throws Failure */
async function mark(
  region: Region,
  { document: { staging_id: id } }: Read,
  isWanted: (document: StagingDocument) => boolean,
): Promise<Read | undefined> {
  return await changeLatest(region, id, (now) =>
    now.state === "deleting" || !isWanted(now) ? undefined : { state: "deleting", reason: null },
  );
}

async function removeIn(
  region: Region,
  document: StagingDocument,
  signal: AbortSignal,
): Promise<Removed> {
  const { staging_id: id, allow_accounts = [] } = document;
  const counts = { objects: 0 };
  try {
    // A store without conditions may have let another process come between.
    const state = (await readDocument(region, id))?.document.state ?? "deleting";
    if (state !== "deleting") return { region: region.name, ...counts, left: `it is ${state}` };
    await noteEnd(region, document);
    await removeObjects(region, id, counts);
    if (allow_accounts.length > 0) await disallow(region, id);
    await region.bucket.remove([`${id}/${DOCUMENT}`]);
    return { region: region.name, ...counts, left: null };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { region: region.name, ...counts, left: errorMessage(error) };
  }
}

/** Removes all but the document. Who still sends something is waited for a few times. @throws Failure */
async function removeObjects(
  { bucket }: Region,
  id: string,
  counts: { objects: number },
): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    let found = await abortUploads({ bucket }, `${id}/`);
    for await (const page of bucket.list(`${id}/`)) {
      const keys = page.map(({ key }) => key).filter((key) => key !== `${id}/${DOCUMENT}`);
      await bucket.remove(keys);
      counts.objects += keys.length;
      found += keys.length;
    }
    if (found === 0) return;
  }
  throw new Failure("ALREADY_RUNNING", `${id}: files still come to s3://${bucket.name}`);
}

/** Removes what was sent to a region while the staging was deleted there. @throws Failure */
export async function removeIfDeleted(region: Region, id: string): Promise<void> {
  const state = (await readDocument(region, id))?.document.state ?? "deleting";
  if (state === "deleting") await removeObjects(region, id, { objects: 0 });
}

/** Gives up uploads in parts; returns how many. @throws Failure */
async function abortUploads({ bucket }: Pick<Region, "bucket">, prefix: string): Promise<number> {
  let count = 0;
  for await (const uploads of bucket.uploads(prefix)) {
    for (const upload of uploads) await bucket.abort(upload);
    count += uploads.length;
  }
  return count;
}

/**
 * Gives up what was begun in parts and belongs to no staging that is being sent; returns how much.
 * A staging has its document before anything of it is sent.
 * @throws Failure
 */
export async function abortAbandoned(region: Region): Promise<number> {
  const ids = new Map<string, boolean>();
  let count = 0;
  for await (const uploads of region.bucket.uploads("stage-")) {
    for (const upload of uploads) {
      const [id = "", ...name] = upload.key.split("/");
      // Others may have keys that begin alike.
      if (!isId(id) || name.length === 0) continue;
      const isSent = ids.get(id) ?? (await isBeingSent(region, id));
      ids.set(id, isSent);
      if (isSent) continue;
      await region.bucket.abort(upload);
      count += 1;
    }
  }
  return count;
}

/** Of a document that cannot be read it is not known, so it is taken for one. */
async function isBeingSent(region: Region, id: string): Promise<boolean> {
  try {
    const state = (await readDocument(region, id))?.document.state;
    return state !== undefined && state !== "complete";
  } catch (error) {
    if (error instanceof Failure && error.code === "FORMAT_INVALID") return true;
    throw error;
  }
}
