import { Failure } from "../../errors.ts";

/** Decompressed bytes that all columns of a file may take together. */
const FREE_BYTES = 512 * 1024 * 1024;
/** Bytes that each column adds to that: wide files are real. */
const COLUMN_BYTES = 256 * 1024;
/** Cost of a page beside its bytes, in bytes. */
const PAGE_BYTES = 1024;

/** Counts the work on a file, in bytes: one column may take little, but there may be many. */
export interface Work {
  /** @throws Failure LIMIT_EXCEEDED */
  decompressed(bytes: number): void;
  /** @throws Failure LIMIT_EXCEEDED */
  page(): void;
}

/** For a file with this many columns. */
export function workFor(columns: number): Work {
  const most = FREE_BYTES + COLUMN_BYTES * columns;
  let spent = 0;
  return { decompressed: spend, page: () => spend(PAGE_BYTES) };

  function spend(bytes: number): void {
    spent += bytes;
    if (spent <= most) return;
    throw new Failure("LIMIT_EXCEEDED", `needs more than ${most} decompressed bytes of its pages`);
  }
}
