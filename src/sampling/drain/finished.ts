import type { Confirmed, Failed, Moved, Sampled } from "../../job.ts";
import type { Claim } from "../../store/drain-store.ts";

/** The outcome of a job that came to its end. */
export type Ended = Sampled | Confirmed | Failed | Moved;

/** A claim and its outcome. */
export interface Finished<O extends Ended = Ended> {
  readonly claim: Claim;
  readonly outcome: O;
}
