/** A sample to be masked. */
export interface ToMask {
  readonly bytes: Uint8Array;
  /** File name of its source. */
  readonly name: string;
  /** The first bytes of its source. */
  readonly head: Uint8Array;
}

/** A sample without the values that it must not show. */
export interface MaskedSample {
  readonly bytes: Uint8Array;
  readonly warnings: readonly string[];
}
