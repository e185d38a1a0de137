import type { StagingSettings } from "../config/staging-settings.ts";
import type { Storages } from "../storage/index.ts";
import type { Encoded, Phase, StagingStore } from "../store/staging-store.ts";
import type { RateLimit } from "../transfer/rate.ts";
import type { OwnLease } from "./lease.ts";

/** A thing that happened, for logs and metrics. Locations are as they may be shown. */
export type StagingEvent =
  | {
      readonly type: "staged";
      readonly location: string;
      readonly from: Source;
      /** Size of the file, bytes. */
      readonly bytes: number;
      readonly ms: number;
    }
  | {
      readonly type: "failed";
      readonly location: string;
      readonly code: string;
      readonly message: string;
    }
  | { readonly type: "not-cleaned-up"; readonly directory: string; readonly message: string };

/** The place that a file came from: its source, our store, or this machine. */
export type Source = "transfer" | "store" | "local";

/** Everything that staging works with. */
export interface StagingContext {
  readonly settings: StagingSettings;
  readonly store: StagingStore;
  readonly storages: Storages;
  /** The rate of all transfers of this process together. */
  readonly rate: RateLimit;
  /** Leases of the runs that this process works on, by the run's id. */
  readonly ownRuns: Map<string, OwnLease>;
  readonly onEvent: (event: StagingEvent) => void;
}

/** The part of an object that is there already. */
export interface Progress {
  readonly phase: Phase;
  readonly bytes: number;
  /** Bytes that there are to be; undefined where that is not known. */
  readonly size: number | undefined;
}

/** The object that somebody wants. */
export interface Wanted {
  readonly url: URL;
  /** Bytes that are sent have to have this hash, lower-case hexadecimal. */
  readonly sha256?: string | undefined;
  /** As many bytes have to be sent. */
  readonly bytes?: number | undefined;
  /** True: the file has what is compressed in the object. */
  readonly decompress?: boolean | undefined;
}

/** A file that is there: whole, and never changed. */
export interface Staged {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hexadecimal; undefined of a local file that nobody has read. */
  readonly sha256: string | undefined;
  /** True where a hash or a size that was known says that these are its bytes. */
  readonly verified: boolean;
  /** Bytes that were sent, where they were decompressed. */
  readonly encoded?: Encoded | undefined;
  /** The content encoding that the bytes have, though none was asked for. */
  readonly encoding?: string | undefined;
  readonly from: Source;
}
