import type { Limits } from "../lib/limits.ts";
import type { Mapped } from "../lib/mapped-names.ts";
import type { Counted } from "./table.ts";
import type { View } from "./types.ts";

/** Everything a viewer may use. */
export interface ViewRequest {
  /** A sample: small, even of a large file. */
  readonly bytes: Buffer;
  /** File name, without directories. */
  readonly name: string;
  /** Rows to show of each table. */
  readonly rows: number;
  /** Number of rows that the sample has, and what cut it, where that is known. */
  readonly counted?: Counted;
  readonly limits: Limits;
  /** Formats by name, from the configuration. */
  readonly extensions: Mapped;
  readonly signal: AbortSignal;
  /** Containers around it: 0 for a file. */
  readonly depth: number;
}

/**
 * Shows samples of one format.
 * @throws Failure FORMAT_INVALID where the bytes are not what they seemed
 */
export type Viewer = (request: ViewRequest) => Promise<Shown> | Shown;

/** Shows bytes by the format that they have; containers use it for their members. */
export type ViewAny = (request: ViewRequest) => Promise<Shown>;

/** A view without the name of the format: that is what sampling calls it. */
export type Shown = Omit<View, "format">;
