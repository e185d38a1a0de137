import type { Job } from "../../job.ts";
import type { HeldDirectory } from "../../lake/held-directory.ts";
import type { HeldDataset, Lake } from "../../lake/lake.ts";
import { makeSamples } from "../../samples/directory.ts";

/** A dataset and its samples, held for jobs that follow one another. */
export interface Workplace {
  readonly dataset: HeldDataset;
  /** Holds the samples; makes the directory where it is missing. @throws Failure, as `makeSamples` */
  samples(): HeldDirectory;
}

/** Does a job's work in its workplace. @throws Failure, as `Lake.hold`; what `work` throws */
export type InWorkplace = <T>(job: Job, work: (place: Workplace) => Promise<T>) => Promise<T>;

/** A workplace, with the number of jobs in it. */
interface Shared extends Workplace {
  isFor(job: Job): boolean;
  enter(): void;
  leave(): void;
  /** Lets no further job enter; closes the workplace once it is empty. */
  retire(): void;
}

/**
 * Creates the workplaces of one thread. The last one is kept while jobs of its dataset follow one
 * another: holding and judging both directories again takes a tenth of the time of a small file. It
 * is given up with the first failure in it, and by the next turn of the event loop that finds it
 * empty.
 */
export function createWorkplaces(lake: Lake): InWorkplace {
  let last: Shared | undefined;
  return async (job, work) => {
    if (last?.isFor(job) !== true) {
      last?.retire();
      last = undefined;
      last = share(lake, job);
    }
    const place = last;
    place.enter();
    try {
      return await work(place);
    } catch (error) {
      place.retire();
      throw error;
    } finally {
      place.leave();
    }
  };
}

function share(lake: Lake, { dataset: name, linkedTo }: Job): Shared {
  const dataset = lake.hold(name, linkedTo);
  let samples: HeldDirectory | undefined;
  let inside = 0;
  let [isRetired, isClosed] = [false, false];
  let looking: NodeJS.Immediate | undefined;

  return {
    dataset,
    samples: () => (samples ??= makeSamples(lake, dataset)),
    isFor: (job) => !isRetired && job.dataset === name && job.linkedTo === linkedTo,
    enter() {
      inside += 1;
    },
    leave() {
      inside -= 1;
      if (isRetired) closeIfEmpty();
      else looking ??= setImmediate(closeIfEmpty);
    },
    retire() {
      isRetired = true;
      closeIfEmpty();
    },
  };

  function closeIfEmpty(): void {
    looking = undefined;
    if (inside > 0 || isClosed) return;
    isRetired = true;
    isClosed = true;
    samples?.[Symbol.dispose]();
    dataset[Symbol.dispose]();
  }
}
