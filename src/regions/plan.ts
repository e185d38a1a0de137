import { statSync } from "node:fs";
import { errorMessage, Failure } from "../errors.ts";
import { type Compression, mostCompressed } from "./compression.ts";
import { expiry } from "./document.ts";
import { type Requests, requestsFor, requestsOfAll } from "./requests.ts";
import { filesOf, type OnLeftOut, type Source, sourceAt } from "./walk.ts";

/** Options of `beginUpload`. */
export interface NewUpload {
  readonly path: string;
  readonly regions: readonly string[];
  /** The place where machines put it; `/mnt/data/<name>` by default. */
  readonly destination?: string | undefined;
  readonly days: number;
  readonly sweepId?: string | undefined;
  /** Other accounts that may read it. */
  readonly accounts?: readonly string[];
  readonly compression?: Compression | undefined;
  readonly onLeftOut: OnLeftOut;
}

/** Files that an upload would send. */
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
  const leaveOut: OnLeftOut = (left, what) => {
    counts.left_out += 1;
    onLeftOut(left, what);
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

/** Size of a file, bytes. Another thread would take ten times as long to ask for it. @throws Failure FILE_UNREADABLE */
function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    throw new Failure("FILE_UNREADABLE", `${path}: ${errorMessage(error)}`, { cause: error });
  }
}
