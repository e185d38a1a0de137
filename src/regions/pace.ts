import type { Answer } from "./staging-view.ts";

/** Stagings from so many bytes on say how fast it goes: of smaller ones most is waiting. */
const LEAST_BYTES = 16 * 1024 ** 2;

/**
 * Seconds that it takes to bring so many bytes to regions, at the rate of the latest staging that each of
 * them got in the same way; undefined where a region never got one.
 */
export function secondsFor(
  bytes: number,
  regions: readonly string[],
  stagings: Iterable<readonly Answer[]>,
): number | undefined {
  const latest = new Map<string, Trip>();
  for (const trip of [...stagings].flatMap(tripsOf))
    if (trip.until > (latest.get(trip.way)?.until ?? 0)) latest.set(trip.way, trip);
  const [first = ""] = regions;
  const times = regions.map((region) => {
    const trip = latest.get(wayOf(first, region));
    return trip === undefined ? undefined : (bytes / trip.bytes) * trip.seconds;
  });
  return times.includes(undefined)
    ? undefined
    : times.reduce<number>((sum, each) => sum + (each ?? 0), 0);
}

/** Bytes that came to a region. */
interface Trip {
  readonly way: string;
  readonly bytes: number;
  readonly seconds: number;
  /** ms since epoch. */
  readonly until: number;
}

/** Regions get a staging in turn: each trip begins when the one before is over. */
function tripsOf(answers: readonly Answer[]): readonly Trip[] {
  const documents = answers.flatMap(({ document }) => document ?? []);
  const [one] = documents;
  if (one === undefined || one.size_bytes < LEAST_BYTES) return [];
  const [first = ""] = one.regions;
  let from = Date.parse(one.uploaded_at);
  const trips: Trip[] = [];
  for (const region of one.regions) {
    const at = documents.find((document) => document.region === region)?.completed_at ?? null;
    if (at === null) return trips;
    const until = Date.parse(at);
    const seconds = (until - from) / 1000;
    if (seconds > 0)
      trips.push({ way: wayOf(first, region), bytes: one.size_bytes, seconds, until });
    from = until;
  }
  return trips;
}

/** From this machine to the first region, from there to the others. */
function wayOf(first: string, region: string): string {
  return region === first ? `to ${first}` : `${first} to ${region}`;
}
