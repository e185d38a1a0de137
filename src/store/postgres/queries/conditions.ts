import type { ListedRow } from "../../listed.ts";
import type { ListFilter } from "../../rows.ts";
import { pathOf } from "../paths.ts";

/** A row of `files`, with its dataset's name. */
export type Row = ListedRow & LookedAt;

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
 * The conditions of a filter; the first parameter comes after `taken` others. The plus keeps
 * PostgreSQL from an index whose rows would have to be sorted again for each page.
 */
export function conditionsOf(filter: ListFilter, taken: number): Conditions {
  const { outcome, validation, code, since } = filter;
  const values: unknown[] = [];
  const all: string[] = [];
  const add = (condition: string, value: unknown) =>
    void all.push(`AND ${condition} $${taken + values.push(value)}`);
  if (outcome === "waiting") all.push("AND f.next_at + 0 IS NOT NULL");
  else if (outcome !== undefined) add("f.counted =", outcome);
  if (validation !== undefined) add("f.validation =", validation);
  if (code !== undefined) add("f.code =", code);
  if (since !== undefined) add("f.settled_at + 0 >=", since);
  return { text: all.join(" "), values, isWanted: isWantedBy(filter) };
}

function isWantedBy({ hasRaw, hasFormat }: ListFilter): Conditions["isWanted"] {
  if (hasRaw === undefined && hasFormat === undefined) return undefined;
  return ({ raw, format, sample }) => {
    const isRaw = hasRaw === undefined || hasRaw(pathOf(raw));
    if (!isRaw || hasFormat === undefined) return isRaw;
    return format !== null && hasFormat(format, sample);
  };
}
