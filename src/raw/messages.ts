import type { SettingsOrigin } from "../config/settings.ts";
import type { FailureCode } from "../errors.ts";
import type { Listing, RawDirectory } from "./types.ts";

/** Data that the thread that looks begins with: plain, to be copied. */
export interface WorkerData {
  readonly origin: SettingsOrigin;
  /** Memory in which it notes the descriptors it has open. */
  readonly descriptors: SharedArrayBuffer;
}

/** A question to the thread that looks: plain data. */
export type Question =
  | {
      /** Answered with `Changed`. */
      readonly what: "changed";
      readonly dataset: string;
      readonly known: readonly RawDirectory[];
      /** ms since epoch. */
      readonly now: number;
    }
  | {
      /** Answered with the first `Listed`. */
      readonly what: "list";
      readonly dataset: string;
      readonly listings: readonly Listing[];
      /** ms since epoch. */
      readonly now: number;
    }
  | {
      /** Answered with the next `Listed` of those directories. */
      readonly what: "next";
    };

/** Its answer. */
export type Answer =
  | { readonly value: unknown }
  | { readonly code: FailureCode; readonly message: string };
