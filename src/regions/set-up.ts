import { errorMessage } from "../errors.ts";
import type { ExpiryRule, Setting } from "../storage/bucket.ts";
import { KEPT_DAYS } from "./document.ts";
import type { Region } from "./region.ts";

/** A bucket that was made ready for stagings. */
export interface SetUp {
  readonly region: string;
  readonly bucket: string;
  /** As far as it came, in this order. */
  readonly steps: readonly Step[];
  /** The reason why it came no further; null where all was done. */
  readonly error: string | null;
}

/** One thing that a bucket has, or is to have. */
export interface Step {
  readonly what: "bucket" | "lifecycle" | "versioning";
  readonly state: Setting["state"];
  /** The reason why the store has no such thing; null for all other states. */
  readonly reason: string | null;
}

/** The life-cycle rule of a bucket. `stage cleanup` removes stagings long before; the rule does where nobody calls it. */
const RULE: ExpiryRule = {
  id: "staging-sampler",
  prefix: "stage-",
  days: KEPT_DAYS,
  oldVersionDays: 7,
  partDays: 7,
};

/**
 * Makes a region's bucket, where there is none, and has it remove what was forgotten; with `isDry` it only
 * looks. Old versions go before any are kept.
 * @throws the signal's reason
 */
export async function setUp(
  { name, bucket }: Region,
  { isDry, signal }: { readonly isDry: boolean; readonly signal: AbortSignal },
): Promise<SetUp> {
  const steps: Step[] = [];
  const add = (what: Step["what"], setting: Setting) =>
    steps.push({ what, state: setting.state, reason: setting.reason ?? null });
  const done = (error: string | null) => ({ region: name, bucket: bucket.name, steps, error });
  try {
    const isThere = await bucket.isThere();
    if (!isThere && isDry) {
      for (const what of ["bucket", "lifecycle", "versioning"] as const)
        add(what, { state: "due" });
      return done(null);
    }
    if (!isThere) await bucket.create();
    add("bucket", { state: isThere ? "kept" : "set" });
    add("lifecycle", await bucket.setRule(RULE, isDry));
    add("versioning", await bucket.keepVersions(isDry));
    return done(null);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return done(errorMessage(error));
  }
}
