import type { Claim } from "../drain-store.ts";
import type { KnownDataset } from "./datasets.ts";

/** One of the orders in which what is due is given out: of raw files that were found by looking, of all, of a lane. */
export type Order = "found" | "all" | number;

/** The place of a row in an order: by time (ms since epoch), arrival and raw. */
export interface Place {
  readonly of: Order;
  readonly nextAt: number;
  readonly seq: number;
  readonly raw: Buffer;
}

/**
 * The places up to which all that is due was given out. Claims go on from there: before it are the
 * dead rows of what was settled, which stay for as long as anybody has a transaction open.
 */
export interface Places {
  /** Begins a claim. */
  begin(options: BeginOptions): void;
  /** Datasets that have places, and so may have more that is due, by number. */
  datasets(): readonly KnownDataset[];
  /** True when a dataset has places. */
  has(dataset: KnownDataset): boolean;
  /** The place in an order of a dataset; before all rows where there is none. */
  of(dataset: KnownDataset, order: Order): Place;
  /** Notes that all up to a row were given out; this one just now, or before, where it `isBusy`. */
  reached(dataset: KnownDataset, row: Reached): void;
  /** Begins a dataset from the start. */
  forget(dataset: KnownDataset): void;
  /** Notes that what was given out has an outcome. */
  ended(claims: Iterable<Claim>): void;
}

/** A row that a claim came to. */
export interface Reached {
  readonly raw: string;
  readonly at: Place;
  readonly isBusy: boolean;
}

/** Options of `Places.begin`. */
export interface BeginOptions {
  /** As in `ClaimOptions`: places go back to the first row that was given out and is not in work. */
  readonly isFirst: boolean;
  /** True where no place is of use. */
  readonly isAnew: boolean;
  /** Lanes that are ours. When they change, all places are forgotten. */
  readonly lanes: readonly number[];
  readonly isBusy: (dataset: string, raw: string) => boolean;
}

/** Known places of one dataset. */
interface Known extends KnownDataset {
  readonly places: Map<Order, Place>;
  /** Rows to go back to, by raw: they have no outcome yet, or a newer line came while they were in work. */
  readonly out: Map<string, Reached>;
}

/**
 * Time after which all places are forgotten, ms. A row can become due before a place: when a host whose
 * clock is behind writes it, or when people make it due while it is in work.
 */
const LONGEST_MS = 30_000;

const NONE = Buffer.alloc(0);

/** Creates them: none yet. */
export function createPlaces(): Places {
  const byName = new Map<string, Known>();
  let begunAt = performance.now();
  let lanesBefore = "";

  return {
    begin({ isFirst, isAnew, lanes, isBusy }) {
      const now = lanes.join();
      const isOld = isFirst && performance.now() - begunAt > LONGEST_MS;
      if (isAnew || isOld || now !== lanesBefore) {
        byName.clear();
        begunAt = performance.now();
      } else if (isFirst) for (const known of byName.values()) goBack(known, isBusy);
      lanesBefore = now;
    },
    datasets: () =>
      Array.from(byName.values(), ({ id, name }) => ({ id, name })).toSorted((a, b) => a.id - b.id),
    has: ({ name }) => byName.has(name),
    of: ({ name }, order) =>
      byName.get(name)?.places.get(order) ?? { of: order, nextAt: -1, seq: 0, raw: NONE },
    reached({ id, name }, row) {
      const known = byName.get(name) ?? { id, name, places: new Map(), out: new Map() };
      known.places.set(row.at.of, row.at);
      known.out.set(row.raw, row);
      byName.set(name, known);
    },
    forget: ({ name }) => void byName.delete(name),
    ended(claims) {
      for (const { job } of claims) {
        const out = byName.get(job.dataset)?.out;
        if (out?.get(job.raw)?.isBusy === false) out.delete(job.raw);
      }
    },
  };
}

/** Goes back to the first of what was given out, and is not in work any more. */
function goBack({ name, places, out }: Known, isBusy: BeginOptions["isBusy"]): void {
  for (const [raw, { at }] of out) {
    if (isBusy(name, raw)) continue;
    const place = places.get(at.of);
    if (place !== undefined && !isBefore(place, at)) places.set(at.of, justBefore(at));
    out.delete(raw);
  }
}

/** The place from which a row is the next one: no raw has an empty path. */
function justBefore(at: Place): Place {
  return { ...at, raw: NONE };
}

function isBefore(one: Place, other: Place): boolean {
  const difference = one.nextAt - other.nextAt || one.seq - other.seq;
  return difference < 0 || (difference === 0 && one.raw.compare(other.raw) < 0);
}
