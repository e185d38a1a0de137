import type { Draws } from "./draws.ts";

/** Windows that a place may move on by where no border in it is certain. */
export const MOVES = 2;
/** Bytes of a file for each byte of its windows, so that no two parts meet. */
const ROOM = 4;
/** Windows of a part that may be read: its own, those it moves on by, what is read on, the rest. */
const READ = MOVES + 3;

/** Parts that a file of that size has room for, without any two of them meeting. */
export function partsIn(size: number, window: number): number {
  return Math.floor(size / (ROOM * window));
}

/** Parts that can be had with so many bytes read at most. */
export function partsWithin(readBytes: number, window: number): number {
  return Math.floor(readBytes / (READ * window));
}

/**
 * Draws the places of the parts between the first and the last one, in a file that has room for
 * them: one in each stretch of equal length, with room to move on and to be read on.
 */
export function placesIn(size: number, parts: number, window: number, draws: Draws): number[] {
  const stretch = Math.floor((size - ROOM * window) / Math.max(1, parts - 2));
  return Array.from({ length: parts - 2 }, (_, i) => {
    return window + i * stretch + draws.below(stretch - ROOM * window + 1);
  });
}

/** Rows of each part: as many as there are altogether, divided as evenly as can be. */
export function rowsOf(rows: number, parts: number): number[] {
  const each = Math.floor(rows / parts);
  return Array.from({ length: parts }, (_, i) => each + (i < rows % parts ? 1 : 0));
}
