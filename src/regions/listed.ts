import type { Bucket } from "../storage/bucket.ts";
import type { Uses } from "../store/staging-store.ts";
import { DOCUMENT, ENDED, isId, USES } from "./document.ts";

/** A document in a bucket, and what the objects beside it say. */
export interface ListedDocument {
  readonly key: string;
  readonly etag: string;
  /** Day → times that the staging was fetched from this bucket. */
  readonly uses: Uses;
}

/** Objects of a page, where there are more. */
const FULL_PAGE = 1000;

/**
 * The documents of a bucket, as listings have them: of stagings, and of those that were removed. The files
 * of a tree are passed over, so that one with a million files takes three requests.
 * @throws Failure
 */
export async function* documentsIn(bucket: Bucket): AsyncGenerator<ListedDocument, void, void> {
  for await (const page of bucket.list(ENDED))
    for (const { key, etag } of page) yield { key, etag, uses: {} };
  let found: Found | undefined;
  for (let after: string | undefined, isMore = true; isMore;) {
    isMore = false;
    for await (const page of bucket.list("stage-", after)) {
      for (const { key, etag, changedAt } of page) {
        const { folder, name } = partsOf(key);
        if (found !== undefined && found.folder !== folder) {
          yield found;
          found = undefined;
        }
        if (name === DOCUMENT && isId(folder)) found = { folder, key, etag, uses: {} };
        else if (name.startsWith(USES) && found !== undefined) count(found.uses, changedAt);
      }
      after = page.length < FULL_PAGE ? undefined : pastFiles(page);
      isMore = after !== undefined;
      if (isMore) break;
    }
  }
  if (found !== undefined) yield found;
}

/** A use as a bucket lists it. */
export interface ListedUse {
  /** As it stands in the key: made safe. */
  readonly instance: string;
  /** The time at which it was counted last. */
  readonly at: Date;
}

/** Uses of a staging that a bucket has counted, in the order of their keys. @throws Failure */
export async function* usesOf(bucket: Bucket, id: string): AsyncGenerator<ListedUse, void, void> {
  const below = `${id}/${USES}`;
  for await (const page of bucket.list(below))
    for (const { key, changedAt: at } of page) yield { instance: key.slice(below.length), at };
}

/** Day → times that a staging was fetched from a bucket. @throws Failure */
export async function usesIn(bucket: Bucket, id: string): Promise<Uses> {
  const uses: Record<string, number> = {};
  for await (const { at } of usesOf(bucket, id)) count(uses, at);
  return uses;
}

interface Found extends ListedDocument {
  readonly folder: string;
  readonly uses: Record<string, number>;
}

function count(uses: Record<string, number>, at: Date): void {
  const day = at.toISOString().slice(0, 10);
  uses[day] = (uses[day] ?? 0) + 1;
}

function partsOf(key: string): { readonly folder: string; readonly name: string } {
  const slash = key.indexOf("/");
  return { folder: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** The key to go on after, where all of a page is of one folder and what follows need not be looked at. */
function pastFiles(page: readonly { readonly key: string }[]): string | undefined {
  const [first, last] = [page[0], page.at(-1)].map((each) => partsOf(each?.key ?? ""));
  if (first === undefined || last === undefined || first.folder !== last.folder) return undefined;
  // A zero is what follows a slash.
  const end = `${last.folder}0`;
  if (!isId(last.folder)) return end;
  if (last.name < DOCUMENT) return `${last.folder}/${DOCUMENT.slice(0, -1)}`;
  return last.name > `${USES}\u{10ffff}` ? end : undefined;
}
