import type { Digests } from "../storage/types.ts";
import type { Found } from "./digest.ts";
import type { Ranges } from "./ranges.ts";
import type { Writer } from "./write-behind.ts";

/** A file while it is transferred. */
export interface PartialFile {
  /** The ranges that were written. */
  done(): Ranges;
  /** Bytes in them. */
  bytes(): number;
  /** The version of the object that they are of; undefined before the first byte, and where none is known. */
  version(): string | undefined;
  /**
   * Begins again from 0, with an object of this version, of which its source offers these hashes.
   * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE
   */
  begin(version: string | undefined, offered: Digests): Promise<void>;
  /** Says how many bytes it will have; undefined where nobody knows. Nothing is being written. @throws as `openPartial` */
  expect(size: number | undefined): Promise<void>;
  /** From now on ranges are written in any order. @throws as `begin` */
  spread(): Promise<void>;
  /** A writer from some offset on; what it throws is as of `begin`. */
  writerAt(start: number): Writer;
  /**
   * Hashes of what is there, which has no gap; nothing is written afterwards, but after `begin`.
   * @throws as `begin`
   */
  digests(): Promise<Found>;
  /**
   * Brings it to disk and gives it its name.
   * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE; ALREADY_RUNNING where another process took it over
   */
  commit(target: string): Promise<void>;
  /** Removes it. */
  discard(): Promise<void>;
  /** Lets it go; another process can go on with it. */
  close(): Promise<void>;
}

/** Options of a partial file. */
export interface PartOptions {
  /** The location, as it may be shown. */
  readonly of: string;
  /** Permissions that it gets with its name. */
  readonly mode: number;
  /** True: its name, too, is on stable storage once it has it. */
  readonly syncsName: boolean;
}

/** Of a file that is not whole: nobody else reads it. */
export const PART_MODE = 0o600;

/** The time that a whole file gets, s since epoch: whatever is written to it later shows in its mtime. */
export function wholeSecond(): number {
  return Math.floor(Date.now() / 1000);
}
