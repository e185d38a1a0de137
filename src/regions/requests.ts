import { partBytesFor } from "./parts.ts";
import type { Sent } from "./sending.ts";

/** Requests that a store counts apart: those that write or list, and those that read. */
export interface Requests {
  readonly put: number;
  readonly get: number;
}

/** Keys in a page of a listing. */
const PAGE_KEYS = 1000;

/** Requests that bring an object to a region: sent at once or in parts, copied at once or in parts. */
export function requestsFor(bytes: number, wantedPartBytes: number): Requests {
  const partBytes = partBytesFor(bytes, wantedPartBytes);
  const isWhole = bytes <= partBytes;
  const put = requestsOf({ bytes, part_bytes: isWhole ? 0 : partBytes });
  // What is completed is looked at.
  return { put, get: isWhole ? 0 : 1 };
}

/** Requests that putting an object takes, where each succeeds at once. */
export function requestsOf({ bytes, part_bytes }: Pick<Sent, "bytes" | "part_bytes">): number {
  // In parts it is begun and completed, too.
  return part_bytes === 0 ? 1 : Math.ceil(bytes / part_bytes) + 2;
}

/** Those of a whole staging, each file of which takes so many in each region; none is tried again. */
export function requestsOfAll(
  files: Requests,
  { file_count, regions }: { readonly file_count: number; readonly regions: number },
): Requests {
  // The list of the files, and the listing at the end, which has the list and the document, too.
  const pages = Math.ceil((file_count + 2) / PAGE_KEYS);
  const each = files.put + 1 + pages;
  // The document is written, and changed: once in the first region, twice in the others. It is read before.
  return { put: regions * (each + 3) - 1, get: regions * (files.get + 2) - 1 };
}
