import type { Claim, DrainStore } from "../../store/drain-store.ts";
import { join } from "node:path";
import { readMaskKey } from "../../config/mask-key.ts";
import type { Settings } from "../../config/settings.ts";
import type { JobRunner, Misnamed, Outcome } from "../../job.ts";
import { foldsCase } from "../../lake/folds-case.ts";
import { outputError } from "../../lake/errors.ts";
import { createMasks } from "../../masking/masks.ts";
import { namesWith } from "../job/sample-names.ts";
import type { OldSamples } from "./old-samples.ts";

/** A claim with the name that its job was done under, and the outcome. */
export interface ClaimRun {
  readonly claim: Claim;
  readonly outcome: Exclude<Outcome, Misnamed>;
}

/** Options of `createRunClaim`. */
export interface RunClaimOptions {
  readonly store: DrainStore;
  readonly settings: Settings;
  readonly runner: JobRunner;
  readonly oldSamples: OldSamples;
  /** Aborts what is in flight. */
  readonly abort: AbortSignal;
}

/** Creates the function that runs a claim's job, once more where the content asks for another name. */
export function createRunClaim(options: RunClaimOptions): (claim: Claim) => Promise<ClaimRun> {
  const { runner, oldSamples, abort } = options;
  const rename = createRename(options);

  return async (due) => {
    const claim = await rename.hidden(due);
    const outcome = await runner.run(claim.job, abort);
    if (outcome.outcome !== "misnamed") return { claim, outcome };
    const { extension } = outcome;
    try {
      oldSamples.removeUnrecorded(claim);
    } catch (error) {
      return { claim, outcome: { outcome: "paused", ...outputError(error) } };
    }
    const renamed = await rename.to(claim, extension);
    const again = await runner.run(renamed.job, abort);
    if (again.outcome === "sampled" || again.outcome === "failed")
      return { claim: renamed, outcome: { ...again, ...bothOf(outcome, again) } };
    if (again.outcome !== "misnamed") return { claim: renamed, outcome: again };
    const message = `it was another file at the second look: ${extension}, then ${again.extension}`;
    const failed = { outcome: "failed", code: "FILE_CHANGED", message, ms: 0 } as const;
    return { claim: renamed, outcome: { ...failed, ...bothOf(outcome, again) } };
  };
}

type Work = Pick<Misnamed, "readBytes" | "requests">;

/** The reading of two runs. */
function bothOf(one: Work, other: Work): Work {
  const requests = (one.requests ?? 0) + (other.requests ?? 0);
  const readBytes = one.readBytes + other.readBytes;
  return { readBytes, ...(requests === 0 ? {} : { requests }) };
}

/** Gives the sample of a claim another name. */
interface Rename {
  /** One with this extension; null for raw's own. */
  to(claim: Claim, extension: string | null): Promise<Claim>;
  /** One that hides the name of the file, where the mask wants that and it has another. */
  hidden(claim: Claim): Promise<Claim>;
}

function createRename({ store, settings }: RunClaimOptions): Rename {
  const masks = createMasks(settings, readMaskKey);
  return {
    to,
    async hidden(claim) {
      const name = hiddenNameOf(claim);
      return name === undefined || claim.job.name.startsWith(name)
        ? claim
        : to(claim, claim.job.extension);
    },
  };

  async function to(claim: Claim, extension: string | null): Promise<Claim> {
    const { job } = claim;
    const names = namesWith(job.raw, extension, {
      ...settings.forDataset(job.dataset),
      foldsCase: foldsCase(join(settings.prefix, job.dataset)),
      hiddenName: hiddenNameOf(claim),
    });
    const name = await store.rename(claim, names, extension);
    return { ...claim, job: { ...job, name, extension } };
  }

  function hiddenNameOf({ job: { dataset, raw } }: Claim): string | undefined {
    const isHidden = settings.forDataset(dataset).mask?.names === "redact";
    return isHidden ? masks.of(dataset)?.nameFor(raw) : undefined;
  }
}
