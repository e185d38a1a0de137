import { Failure } from "../errors.ts";
import { DOCUMENT, expiry, newId, type StagingDocument } from "./document.ts";
import { changeDocument, createDocument, readDocument } from "./notes.ts";
import { openRegions, type Region, type RegionsContext } from "./region.ts";
import { type Begun, sendToRegions, type UploadOptions, type UploadProgress } from "./upload.ts";
import { filesOf, type OnLeftOut, type Source, sourceAt } from "./walk.ts";

/** Options of `beginUpload`. */
export interface NewUpload {
  readonly path: string;
  readonly regions: readonly string[];
  /** Where machines put it; `/mnt/data/<name>` by default. */
  readonly destination?: string | undefined;
  readonly days: number;
  readonly sweepId?: string | undefined;
  readonly onLeftOut: OnLeftOut;
}

/** What an upload would send. */
export interface Planned {
  readonly source: Source;
  readonly size_bytes: number;
  readonly file_count: number;
  readonly left_out: number;
}

/** Looks at what is to be sent, and asks no store. @throws Failure USAGE, PATH_REFUSED, FILE_UNREADABLE */
export async function planUpload({ path, days, onLeftOut }: NewUpload): Promise<Planned> {
  expiry(new Date(), days);
  const source = await sourceAt(path);
  const counts = { size_bytes: 0, file_count: 0, left_out: 0 };
  const leaveOut: OnLeftOut = (each, what) => {
    counts.left_out += 1;
    onLeftOut(each, what);
  };
  for await (const { bytes } of filesOf(source, leaveOut)) {
    counts.size_bytes += bytes;
    counts.file_count += 1;
  }
  if (counts.file_count === 0) throw new Failure("USAGE", `${source.path} has no file to send`);
  return { source, ...counts };
}

/**
 * Notes a new staging in each region, which shows that each can be written to; sends nothing yet.
 * @throws Failure
 */
export async function beginUpload(
  { regions: names, destination, days, sweepId }: NewUpload,
  { source, size_bytes, file_count }: Planned,
  context: RegionsContext,
): Promise<readonly Begun[]> {
  const regions = await openRegions(context, names);
  const now = new Date();
  const common = {
    staging_id: newId(),
    filename: source.name,
    kind: source.kind,
    size_bytes,
    file_count,
    sha256: null,
    files_sha256: null,
    regions: regions.map(({ name }) => name),
    reason: null,
    destination: destination ?? `/mnt/data/${source.name}`,
    uploaded_at: now.toISOString(),
    expires_at: expiry(now, days),
    sweep_id: sweepId ?? null,
    source_path: source.path,
  };
  const begun: Begun[] = [];
  try {
    for (const [i, region] of regions.entries()) {
      const state = i === 0 ? "uploading" : "replicating";
      const document = { ...common, region: region.name, state } as const;
      begun.push({ region, read: await createDocument(region, document) });
    }
  } catch (error) {
    // Nothing was sent: it leaves nothing.
    for (const { region } of begun)
      await region.bucket.remove([`${common.staging_id}/${DOCUMENT}`]).catch(() => undefined);
    throw error;
  }
  return begun;
}

/** Sends what was begun. @throws as `sendToRegions` */
export function sendBegun(
  source: Source,
  begun: readonly Begun[],
  context: RegionsContext,
  {
    isAgain,
    onProgress,
  }: { readonly isAgain: boolean; readonly onProgress: (progress: UploadProgress) => void },
): Promise<readonly StagingDocument[]> {
  const { settings, signal } = context;
  const { partBytes, stallMs } = settings;
  const regions = begun as UploadOptions["regions"];
  const options = { source, regions, isAgain, partBytes, stallMs, signal, onProgress };
  return sendToRegions(options);
}

/**
 * Takes up a staging that is not complete, in the regions that it was begun for.
 * @throws Failure USAGE where there is none, or nothing is missing; FILE_MISSING where what is to be
 * sent is not there any more
 */
export async function beginAgain(
  id: string,
  context: RegionsContext,
): Promise<{ readonly source: Source; readonly begun: readonly Begun[] }> {
  const known = await anyDocument(id, await openRegions(context));
  const source = await sourceAt(known.source_path);
  const begun: Begun[] = [];
  for (const [i, region] of (await openRegions(context, known.regions)).entries()) {
    const state = i === 0 ? "uploading" : "replicating";
    const change = { state, reason: null } as const;
    const read = await readDocument(region, id);
    if (read?.document.state === "deleting")
      throw new Failure("USAGE", `${id} is being deleted: \`stage delete\` goes on with that`);
    const document = { ...known, region: region.name, ...change };
    begun.push({
      region,
      read:
        read === undefined
          ? await createDocument(region, document)
          : await changeDocument(region, read, change),
    });
  }
  return { source, begun };
}

async function anyDocument(id: string, regions: readonly Region[]): Promise<StagingDocument> {
  const found: StagingDocument[] = [];
  for (const region of regions) {
    const read = await readDocument(region, id);
    if (read !== undefined) found.push(read.document);
  }
  const [first] = found;
  if (first === undefined) throw new Failure("USAGE", `no staging ${id} in any region`);
  const isWhole =
    found.length === first.regions.length && found.every(({ state }) => state === "complete");
  if (isWhole) throw new Failure("USAGE", `${id} is complete: there is nothing to go on with`);
  return first;
}
