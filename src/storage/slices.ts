import type { Part, Source } from "../lib/source.ts";
import { fetchWhole, type RemoteObject } from "./fetch-part.ts";
import { joined, type KeptParts, partAt } from "./kept-parts.ts";

type Slice = NonNullable<Source["slice"]>;

/** Bytes that are fetched at least: a request costs as much time as many of them. */
const STEP_BYTES = 128 * 1024;
/** Factor by which each step is longer than the one before, where slices follow each other, up to the longest. */
const GROWTH = 4;
const LONGEST_STEP_BYTES = 2 * 1024 ** 2;
/** The shortest step, and jumps after which a step is halved: little is wanted of each place, as of a tar's headers. */
const SHORTEST_STEP_BYTES = 8 * 1024;
const LONG_JUMPS = 8;
/** Parts that are fetched at once, of those that were announced. */
const AT_ONCE = 8;
/** A part that is larger is fetched by slices: what is fetched is held. */
const LARGEST_PART_BYTES = 8 * 1024 ** 2;

/** Random access to an object by as few requests as will do. */
export interface Slices {
  readonly slice: Slice;
  readonly willSlice: NonNullable<Source["willSlice"]>;
}

/** Makes it, for an object of a known size. `kept` has what was read already. */
export function slicesOf(object: RemoteObject, size: number, kept: KeptParts): Slices {
  /** In their order; those of them that are under way, and those that were had. */
  let announced: readonly Part[] = [];
  const fetches = new Map<Part, Promise<Uint8Array>>();
  const had = new Set<Part>();
  let next = kept.endBefore(size);
  let step = STEP_BYTES;
  let jumps = 0;

  return {
    willSlice(parts) {
      const inside = parts.map((part) => ({ start: part.start, end: Math.min(part.end, size) }));
      announced = joined(inside.filter(({ start, end }) => start >= 0 && start < end));
      fetches.clear();
      had.clear();
    },
    async slice(from, to) {
      const end = Math.min(to, size);
      const pieces: Uint8Array[] = [];
      for (let at = from; at < end;) {
        const piece = kept.from(at, end);
        if (piece.length > 0) pieces.push(piece);
        at += piece.length;
        if (piece.length === 0) await fetchAt(at, end);
      }
      return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
    },
  };

  /** Fetches what is missing at `at`, and what will be wanted with it. */
  async function fetchAt(at: number, end: number): Promise<void> {
    const index = partAt(announced, at) ?? 0;
    const part = announced[index];
    if (part !== undefined && isWanted(part) && part.start <= at && at < part.end) {
      const [fetched] = announced
        .slice(index, index + AT_ONCE)
        .filter(isWanted)
        .map(begun);
      had.add(part);
      kept.add(part.start, (await fetched) as Uint8Array);
      fetches.delete(part);
      return;
    }
    const { start, end: until } = around(at, end);
    const bytes = await fetchWhole(object, start, until);
    next = start + bytes.length;
    kept.add(start, bytes);
  }

  function isWanted(part: Part): boolean {
    const bytes = part.end - part.start;
    return (
      !had.has(part) &&
      bytes <= LARGEST_PART_BYTES &&
      kept.from(part.start, part.end).length < bytes
    );
  }

  function begun(part: Part): Promise<Uint8Array> {
    const known = fetches.get(part);
    if (known !== undefined) return known;
    const fetched = fetchWhole(object, part.start, part.end);
    fetches.set(part, fetched);
    // Whether it is wanted will be seen; until then nobody waits for it.
    fetched.catch(() => undefined);
    return fetched;
  }

  /** The range to fetch for a slice that begins at `at`: with what follows it, and all where the end is near. */
  function around(at: number, end: number): Part {
    jumps = at === next ? 0 : jumps + 1;
    const afterJump = Math.max(SHORTEST_STEP_BYTES, STEP_BYTES >> Math.floor(jumps / LONG_JUMPS));
    step = jumps === 0 ? Math.min(step * GROWTH, LONGEST_STEP_BYTES) : afterJump;
    const isAtEnd = size - at <= STEP_BYTES;
    const start = isAtEnd ? Math.max(kept.endBefore(at), size - STEP_BYTES) : at;
    const until = Math.min(size, Math.max(end, at + step));
    return { start, end: isAtEnd ? size : kept.startAfter(at, until) };
  }
}
