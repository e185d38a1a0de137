import type { Row, Table } from "./tables.ts";

/** Single values that belong to what is known, not to a process that worked on it. */
export interface Facts {
  /** The program that settled entries last, and its formats, as the store keeps them; undefined where none did. */
  readonly sampler: string | undefined;
  readonly formats: string | undefined;
  /** Time at which the store was made, ms since epoch. */
  readonly madeAt: string | undefined;
  /** The key of what is secret in URLs, as hex; undefined where nothing was sealed. */
  readonly urlKey: string | undefined;
  /** The arrival number of the entry that came last. */
  readonly lastArrival: number;
}

/** The facts that are kept as text under their own names. */
export const textFacts = ["sampler", "formats", "madeAt"] as const;

/** A store as the rows of its tables, to be read. */
export interface Source {
  /** Name of the store for people. */
  readonly name: string;
  /** Number of a table's rows. */
  count(table: Table): Promise<number>;
  /** Rows after a key, or the first ones, in the order that this kind of store gives its keys. */
  rowsAfter(table: Table, key: Row | undefined, limit: number): Promise<readonly Row[]>;
  facts(): Promise<Facts>;
}

/** A store that is being filled with the rows of another one. Nobody else can open it before `finish`. */
export interface Target extends Source {
  /** Advice for people who want it to be empty. */
  readonly howToClear: string;
  /** The note of the last `add` or `empty`; undefined before the first one. */
  note(): Promise<string | undefined>;
  /** True when it has rows. */
  isTaken(): Promise<boolean>;
  /** Name of the store that all of it was copied from, at `finish`; undefined where there was none. */
  cameFrom(): Promise<string | undefined>;
  /** Adds rows, and notes how far the copying is; together or not at all. */
  add(table: Table, rows: readonly Row[], note: string): Promise<void>;
  /** Removes all rows of a table, and notes the same. */
  empty(table: Table, note: string): Promise<void>;
  /** Notes that it is whole, so that it can be opened. */
  finish(facts: Facts, from: string): Promise<void>;
}

/** Something that is open, and has to be closed. */
export type Closable<T> = T & { close(): Promise<void> };
