import type { BrowseOptions, Cursor, Neighbours } from "./rows.ts";

/** Entries after which a search ends a page, to go on with the next one. */
const MOST_LOOKED_AT = 25_000;
/** Entries among which the one before or after another is searched for, to either side. */
const MOST_BESIDE = 10_000;

/** An entry that has no neighbours. */
export const ALONE: Neighbours = { before: null, after: null };

/** A page of a list while its places are looked at one after the other. */
export interface FilledPage {
  /** Looks at the next place; false where it belongs to the next page. */
  takes(place: Cursor): boolean;
  readonly found: readonly Cursor[];
  /** Number of places looked at. */
  readonly looked: number;
  /** The last of them; null before the first. */
  readonly last: Cursor | null;
}

/** Begins a page. */
export function createPage({ search, limit }: Pick<BrowseOptions, "search" | "limit">): FilledPage {
  const isWanted = searchFor(search);
  const found: Cursor[] = [];
  let looked = 0;
  let last: Cursor | null = null;
  return {
    found,
    get looked() {
      return looked;
    },
    get last() {
      return last;
    },
    takes(place) {
      // One more than fits on the page: there is a next one.
      if (found.length === limit || looked === MOST_LOOKED_AT) return false;
      looked += 1;
      last = place;
      if (isWanted(place.raw)) found.push(place);
      return true;
    },
  };
}

/** The search for an entry's neighbour. */
export interface Beside {
  /** Looks at the next raw; true where the search is over. */
  isOver(raw: string): boolean;
  /** null where there is none, or none was found among the nearest thousands. */
  readonly neighbour: string | null;
}

/** Begins to search to one side of an entry. */
export function searchBeside(search: string | undefined): Beside {
  const isWanted = searchFor(search);
  let looked = 0;
  let neighbour: string | null = null;
  return {
    get neighbour() {
      return neighbour;
    },
    isOver(raw) {
      looked += 1;
      if (isWanted(raw)) neighbour = raw;
      return neighbour !== null || looked === MOST_BESIDE;
    },
  };
}

/** Tells raws that have a text in them, letters in either case; all have none. */
function searchFor(search: string | undefined): (raw: string) => boolean {
  const part = search?.toLowerCase();
  return (raw) => part === undefined || raw.toLowerCase().includes(part);
}
