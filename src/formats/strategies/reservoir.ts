import type { Draws } from "./draws.ts";
import { type Chooser, type Chosen, chosenOf } from "./read-through.ts";

/** A record above this share of the room is passed over: it would take the place of too many. */
const LARGEST_SHARE = 1 / 4;

/**
 * Chooses `rows` records at random, each as likely as any other (J. S. Vitter, "Random Sampling
 * with a Reservoir", algorithm R). Where the chosen ones take more than `room` bytes, some leave,
 * at random, and from then on that many fewer are kept: long rows mean fewer rows. Rows that are
 * too long for that are passed over; the first of them is kept where there are no others. So memory
 * stays within `room` and two records, and the sample is called uniform only where no row was
 * dropped for its length.
 */
export function reservoir(rows: number, room: number, draws: Draws): Chooser {
  const kept: Chosen[] = [];
  let long: Chosen | undefined;
  let places = rows;
  let bytes = 0;
  let passed = 0;
  let isUniform = true;

  return {
    offer(record) {
      passed += 1;
      const place = passed <= places ? kept.length : draws.below(passed);
      if (place >= places) return;
      if (record.size <= room * LARGEST_SHARE) return put(place, chosenOf(record));
      isUniform = false;
      long ??= chosenOf(record);
    },
    passOver() {
      passed += 1;
      isUniform = false;
    },
    result() {
      const chosen = kept.length === 0 && long !== undefined ? [long] : kept;
      return { chosen: chosen.toSorted((a, b) => a.at - b.at), cut: isUniform ? "rows" : "bytes" };
    },
    summary: ({ length }) => ({
      strategy: "reservoir",
      uniform: isUniform || length === passed,
    }),
  };

  function put(drawn: number, record: Chosen): void {
    const place = Math.min(drawn, kept.length);
    bytes += record.bytes.length - (kept[place]?.bytes.length ?? 0);
    kept[place] = record;
    while (bytes > room) leave(draws.below(kept.length));
  }

  /** Gives up a record and its place. */
  function leave(place: number): void {
    bytes -= (kept[place] as Chosen).bytes.length;
    kept.splice(place, 1);
    places = kept.length;
    isUniform = false;
  }
}
