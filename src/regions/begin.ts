import { Failure } from "../errors.ts";
import type { Begun } from "./begun.ts";
import { DOCUMENT, expiry, newId, newSender, type StagingDocument } from "./document.ts";
import { disallow } from "./grants.ts";
import { changeDocument, createDocument, type Read, readDocument } from "./notes.ts";
import type { NewUpload, Planned } from "./plan.ts";
import { openRegions, type Region, type RegionsContext } from "./region.ts";
import { findStaging } from "./stagings.ts";
import type { UploadOptions } from "./upload.ts";
import { type Source, sourceAt } from "./walk.ts";

/**
 * Notes a new staging in each region, which shows that each can be written to; sends nothing yet.
 * @throws Failure
 */
export async function beginUpload(
  { regions: names, destination, days, sweepId, accounts = [], compression }: NewUpload,
  { source, size_bytes, file_count }: Planned,
  context: RegionsContext,
): Promise<UploadOptions["begun"]> {
  const regions = await openRegions(context, names);
  const now = new Date();
  const common = {
    staging_id: newId(),
    filename: source.name,
    kind: source.kind,
    size_bytes,
    file_count,
    ...(compression === undefined ? {} : { compression }),
    sha256: null,
    files_sha256: null,
    regions: regions.map(({ name }) => name),
    reason: null,
    destination: destination ?? `/mnt/data/${source.name}`,
    uploaded_at: now.toISOString(),
    completed_at: null,
    put_requests: null,
    expires_at: expiry(now, days),
    sweep_id: sweepId ?? null,
    source_path: source.path,
    ...(accounts.length === 0 ? {} : { allow_accounts: [...accounts] }),
  };
  const begun: Begun[] = [];
  try {
    for (const [i, region] of regions.entries()) {
      const state = i === 0 ? "uploading" : "replicating";
      const document = { ...common, region: region.name, state, sender: newSender() } as const;
      begun.push({ region, read: await createDocument(region, document) });
    }
  } catch (error) {
    await forgetBegun(begun);
    throw error;
  }
  return begun as unknown as UploadOptions["begun"];
}

/** Has nothing left of a staging of which nothing was sent, as far as it can be had. */
export async function forgetBegun(begun: readonly Begun[]): Promise<void> {
  for (const { region, read } of begun) {
    const { staging_id: id, allow_accounts = [] } = read.document;
    if (allow_accounts.length > 0) await disallow(region, id).catch(() => undefined);
    await region.bucket.remove([`${id}/${DOCUMENT}`]).catch(() => undefined);
  }
}

/**
 * Takes up a staging that is not complete, in the regions that it was begun for. Those that are complete
 * stay so; the source is asked for where none is.
 * @throws Failure USAGE where there is none, nothing is missing, or what is to be sent is not there
 */
export async function beginAgain(
  id: string,
  context: RegionsContext,
): Promise<{ readonly source: Source | undefined; readonly begun: UploadOptions["begun"] }> {
  const { view, reads } = await findStaging(await openRegions(context), id, context.signal);
  const [{ read: first }] = reads as [Begun];
  if (view.state === "complete")
    throw new Failure("USAGE", `${id} is complete: there is nothing to go on with`);
  if (view.state === "deleting")
    throw new Failure("USAGE", `${id} is being deleted: \`stage delete\` goes on with that`);
  const isSent = view.regions.some(({ state }) => state === "complete");
  const source = isSent ? undefined : await sourceOf(first.document);
  const names = view.regions.map(({ region }) => region);
  const begun: Begun[] = [];
  for (const [i, region] of (await openRegions(context, names)).entries()) {
    const state = i === 0 && !isSent ? "uploading" : "replicating";
    const read = await readDocument(region, id);
    begun.push({ region, read: await takenUp(region, { read, first, state }) });
  }
  return { source, begun: begun as unknown as UploadOptions["begun"] };
}

/** @throws Failure USAGE */
async function sourceOf({ source_path, kind }: StagingDocument): Promise<Source> {
  const source = await sourceAt(source_path);
  if (source.kind === kind) return source;
  throw new Failure("USAGE", `${source_path} is not a ${kind} any more`);
}

async function takenUp(
  region: Region,
  {
    read,
    first,
    state,
  }: {
    readonly read: Read | undefined;
    readonly first: Read;
    readonly state: StagingDocument["state"];
  },
): Promise<Read> {
  const change = { state, reason: null, sender: newSender() };
  if (read?.document.state === "complete") return read;
  return read === undefined
    ? await createDocument(region, { ...first.document, region: region.name, ...change })
    : await changeDocument(region, read, change);
}
