import { statSync } from "node:fs";
import { errorMessage, Failure } from "../errors.ts";
import type { Begun } from "./begun.ts";
import { type Compression, mostCompressed } from "./compression.ts";
import { DOCUMENT, expiry, newId, newSender, type StagingDocument } from "./document.ts";
import { disallow } from "./grants.ts";
import { changeDocument, createDocument, type Read, readDocument } from "./notes.ts";
import { openRegions, type Region, type RegionsContext } from "./region.ts";
import { type Requests, requestsFor, requestsOfAll } from "./requests.ts";
import { findStaging } from "./stagings.ts";
import type { UploadOptions } from "./upload.ts";
import { filesOf, type OnLeftOut, type Source, sourceAt } from "./walk.ts";

/** Options of `beginUpload`. */
export interface NewUpload {
  readonly path: string;
  readonly regions: readonly string[];
  /** Where machines put it; `/mnt/data/<name>` by default. */
  readonly destination?: string | undefined;
  readonly days: number;
  readonly sweepId?: string | undefined;
  /** Other accounts that may read it. */
  readonly accounts?: readonly string[];
  readonly compression?: Compression | undefined;
  readonly onLeftOut: OnLeftOut;
}

/** What an upload would send. */
export interface Planned {
  readonly source: Source;
  readonly size_bytes: number;
  readonly file_count: number;
  readonly left_out: number;
  /** Requests that it takes where none is tried again; at most, where files are compressed. */
  readonly requests: Requests;
}

/** Looks at what is to be sent, and asks no store. @throws Failure USAGE, PATH_REFUSED, FILE_UNREADABLE */
export async function planUpload(
  { path, days, regions, compression, onLeftOut }: NewUpload,
  { partBytes }: { readonly partBytes: number },
): Promise<Planned> {
  expiry(new Date(), days);
  const source = await sourceAt(path);
  const counts = { size_bytes: 0, file_count: 0, left_out: 0 };
  const each = { put: 0, get: 0 };
  const leaveOut: OnLeftOut = (each, what) => {
    counts.left_out += 1;
    onLeftOut(each, what);
  };
  for await (const file of filesOf(source, leaveOut)) {
    const bytes = sizeOf(file.path);
    const most = compression === undefined ? bytes : mostCompressed(bytes);
    const { put, get } = requestsFor(most, partBytes);
    each.put += put;
    each.get += get;
    counts.size_bytes += bytes;
    counts.file_count += 1;
  }
  if (counts.file_count === 0) throw new Failure("USAGE", `${source.path} has no file to send`);
  const { file_count } = counts;
  const requests = requestsOfAll(each, { file_count, regions: new Set(regions).size });
  return { source, ...counts, requests };
}

/** Asked for here: to hand it to another thread takes ten times as long. @throws Failure FILE_UNREADABLE */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw new Failure("FILE_UNREADABLE", `${path}: ${errorMessage(error)}`, { cause: error });
  }
}

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
