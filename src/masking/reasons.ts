import { NoSample } from "../errors.ts";

/** The beginning of the reason why a masked dataset has a description in place of a sample. */
export const MASK_IMPOSSIBLE = "MASK_IMPOSSIBLE";

/** The reasons that keep a file from being masked cell by cell. None has anything of its content. */
const reasons = {
  format: "nothing of this type can be masked value by value",
  listing: "names of files are not to be shown",
  encoding: "text in UTF-16 or UTF-32",
  dialect: "it is not certain how its fields are separated",
  above: "there are lines above the header",
  quotes: "quotes leave more than one way to read it",
  header: "there is no header",
  duplicates: "names in the header occur twice",
  again: "another header stands among its records",
  ragged: "its records have different numbers of fields",
  json: "it is not valid JSON",
  nameless: "it has values without a name",
  unknown: "it has none of the names in mask.columns",
  unmatched: "a rule in mask.columns matches none of its names",
  leak: "a masked value stands elsewhere in the sample",
  type: "a column to be masked is of a type that cannot be",
} as const;

/** A key of that table. */
export type Obstacle = keyof typeof reasons;

/** The error that ends a sample that cannot be masked: its source is described, without content. */
export function impossible(why: Obstacle): NoSample {
  return new NoSample(`${MASK_IMPOSSIBLE}: ${reasons[why]}`);
}

const closed = new Set<string>(Object.values(reasons).map((why) => `${MASK_IMPOSSIBLE}: ${why}`));

/** The reason if it is one of ours, else the general one: others may quote what they were met at. */
export function ownReason(reason: string | undefined): string {
  const own = [...closed].find((one) => reason?.endsWith(one));
  return own ?? `${MASK_IMPOSSIBLE}: ${reasons.format}`;
}
