import type { Claim } from "../../store/drain-store.ts";
import { Failure } from "../../errors.ts";
import type { SampleDirectory } from "../../samples/sample-directory.ts";

/** Removes samples that entries no longer have. */
export interface OldSamples {
  /**
   * Removes a sample that a killed process published without recording it, and that is not replaced
   * now.
   * @throws Failure OUTPUT_UNWRITABLE
   */
  removeUnrecorded(claim: Claim): void;
  /** Removes the sample under a claim's earlier name. @throws Failure OUTPUT_UNWRITABLE */
  removeRenamed(claim: Claim): void;
}

/** Options of `createOldSamples`. */
export interface OldSamplesOptions {
  /**
   * Time at which the store was made, ms since epoch. Older samples may belong to a store that was
   * lost: they are not removed.
   */
  readonly storeMadeAt: number;
  readonly samples: SampleDirectory;
  /** Called with an old sample that cannot be removed; its entry is settled all the same. */
  readonly onLeft: (dataset: string, error: Failure) => void;
}

/** Creates the remover for one drain. */
export function createOldSamples({ samples, onLeft, storeMadeAt }: OldSamplesOptions): OldSamples {
  return {
    removeUnrecorded({ sample, job: { dataset, name } }) {
      if (sample === name) return;
      // Nothing was ever published through a link that leads out of samples.
      unlessRefused(
        () => samples.remove(dataset, name, storeMadeAt),
        () => undefined,
      );
    },
    removeRenamed({ sample, job: { dataset, name } }) {
      if (sample === null || sample === name) return;
      // One name that is refused holds up no other entry.
      unlessRefused(
        () => samples.remove(dataset, sample),
        (error) => onLeft(dataset, error),
      );
    },
  };
}

function unlessRefused(work: () => void, onRefused: (error: Failure) => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Failure && error.code === "PATH_REFUSED")) throw error;
    onRefused(error);
  }
}
