import type { ListedEntry } from "../store/rows.ts";

/** The file that an entry's sample was taken of, for people; undefined where that is bronze, as a rule. */
export function fromText({
  from,
  confirmed,
  stale,
}: Pick<ListedEntry, "from" | "confirmed" | "stale">): string | undefined {
  if (from !== "raw") return undefined;
  if (stale) return "the raw file";
  return confirmed
    ? "the raw file; a manifest line has confirmed it"
    : "the raw file; no manifest line has named it yet";
}
