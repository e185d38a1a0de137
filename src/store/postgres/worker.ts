import type { OpenTurns } from "./turns/turns.ts";

/** The one who works with the store. */
export interface Worker {
  /** Number of its host; 0 before the first one has worked. */
  readonly host: number;
  /** The turns that it has; undefined where it is alone, or only looks. */
  readonly turns?: OpenTurns | undefined;
}
