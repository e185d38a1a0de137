import type { ListFilter } from "../../rows.ts";
import { pathOf } from "../../paths.ts";

/** The columns that are looked at outside of the database. */
export interface LookedAt {
  readonly raw: Buffer;
  readonly format: string | null;
  readonly sample: string | null;
}

/** Conditions of a filter. */
export interface Conditions {
  /** SQL for a row `f` of `files`, that begins with AND; empty where all are meant. */
  readonly text: string;
  readonly values: readonly unknown[];
  /** Tells the rows that are meant among those; undefined where all of them are. */
  readonly isWanted: ((row: LookedAt) => boolean) | undefined;
}

/**
 * The conditions of a filter; their first parameter comes after `taken` others. Times are asked for
 * in a way that keeps PostgreSQL from an index whose rows would have to be sorted again for each page.
 */
export function conditionsOf(filter: ListFilter, taken: number): Conditions {
  const { outcome, validation, code, since } = filter;
  const values: unknown[] = [];
  const all: string[] = [];
  const add = (condition: string, value: unknown) =>
    void all.push(`AND ${condition} $${taken + values.push(value)}`);
  if (outcome === "waiting") all.push("AND coalesce(f.next_at, -1) <> -1");
  else if (outcome !== undefined) add("f.counted =", outcome);
  if (validation !== undefined) add("f.validation =", validation);
  if (code !== undefined) add("f.code =", code);
  if (since !== undefined) add("coalesce(f.settled_at, -1) >=", since);
  return { text: all.join(" "), values, isWanted: isWantedBy(filter) };
}

function isWantedBy({ hasRaw, hasFormat }: ListFilter): Conditions["isWanted"] {
  if (hasRaw === undefined && hasFormat === undefined) return undefined;
  return ({ raw, format, sample }) => {
    const isFormat = hasFormat === undefined || (format !== null && hasFormat(format, sample));
    return isFormat && (hasRaw === undefined || hasRaw(pathOf(raw)));
  };
}
