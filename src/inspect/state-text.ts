import type { ListedEntry, WholeEntry } from "../store/rows.ts";
import type { ShownOutcome } from "../store/types.ts";
import { type FailureCode, retryOf } from "../errors.ts";
import type { WaitingFor } from "./waiting-for.ts";

/** Fields of an entry that tell its state. */
type Entry = Pick<
  WholeEntry,
  | "outcome"
  | "described"
  | "at"
  | "nextAt"
  | "code"
  | "message"
  | "attempts"
  | "acknowledged"
  | "goneAt"
>;

/** The state of an entry, for people; `waitsFor` says why it is not done where it is due. */
export function stateText(entry: Entry, now: number, waitsFor: string | null): string {
  const { at, nextAt, code, message, attempts, acknowledged, goneAt } = entry;
  const why = isDue(nextAt, now) && waitsFor !== null ? `; waits: ${waitsFor}` : "";
  const outcome = shownOutcome(entry);
  if (outcome === null && nextAt === null)
    return `moved: its raw file was gone before it could be sampled, ${goneAt ?? "some time ago"}`;
  if (outcome === null) return `waiting: due since ${nextAt}${why}`;
  if (outcome !== "failed") {
    return `${outcome} ${at}${nextAt === null ? "" : `; waiting: due again since ${nextAt}${why}`}`;
  }
  const next = nextText({ nextAt, code: code as FailureCode | null }, now);
  const seen = acknowledged ? "; acknowledged" : "";
  return `failed ${at}: ${code}: ${message}  (tries: ${attempts}; next: ${next}${why}${seen})`;
}

/** The outcome that people see: a sample that only describes its file is told apart. */
export function shownOutcome({
  outcome,
  described,
}: Pick<ListedEntry, "outcome" | "described">): ShownOutcome | null {
  return described ? "described" : outcome;
}

/** Time of the next try of something that failed, for people; `now` is ms since epoch. */
export function nextText(
  { nextAt, code }: { readonly nextAt: string | null; readonly code: FailureCode | null },
  now: number,
): string {
  const upgrade =
    code !== null && retryOf(code) === "change" ? ", a new version of this program" : "";
  if (nextAt === null) return `never, until a new line${upgrade} or \`retry\``;
  return isDue(nextAt, now) ? "now" : nextAt;
}

/** True when an entry's time has come. */
export function isDue(nextAt: string | null, now: number): boolean {
  return nextAt !== null && Date.parse(nextAt) <= now;
}

/**
 * The reason why an entry of a dataset is not done where it is due; null where nothing speaks
 * against it.
 */
export function heldBy(waiting: WaitingFor, dataset: string): string | null {
  return waiting.of(dataset) ?? waiting.all;
}
