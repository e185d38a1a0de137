import { readMaskKey } from "../config/mask-key.ts";
import type { Settings } from "../config/settings.ts";
import type { Failure, FailureCode } from "../errors.ts";
import type { JobRunner } from "../job.ts";
import { watchClock } from "../lib/clock-jumps.ts";
import { type Budget, createBudget } from "../load/budget.ts";
import { thisKernel } from "../load/cgroup.ts";
import { createIoThrottle, type IoThrottle } from "../load/io-throttle.ts";
import { type Unmoved, unmovedBelow } from "../manifest/unmoved.ts";
import { createMasks } from "../masking/masks.ts";
import { rejectionReceipt } from "../samples/receipts.ts";
import type { SampleDirectory } from "../samples/sample-directory.ts";
import { createWaits, type Waits } from "../store/waits.ts";
import { type ContractErrors, createContractErrors } from "./contract-errors.ts";
import type { PassEvent } from "./events.ts";
import { createFinder, type FindDatasets } from "./find-datasets.ts";
import { createIngest, type Ingest } from "./ingest/ingest.ts";
import { createLooks, type Looks } from "./looking/looks.ts";
import { type CleanUp, createCleanUp } from "./upkeep/clean-up.ts";
import { createMaskChange, type MaskChange } from "./upkeep/masks.ts";
import { createRetainAll, type RetainAll } from "./upkeep/retain-all.ts";
import type { Store } from "../store/store.ts";
import { looksAfter } from "../store/turns.ts";

/** Options of passes. */
export interface PassContext {
  readonly store: Store;
  readonly settings: Settings;
  readonly runner: JobRunner;
  readonly samples: SampleDirectory;
  readonly report: (event: PassEvent) => void;
  /** Time that ingest, and drain beside it, have at a stretch, ms; 0 for one step of ingest. */
  readonly slices?: Slices;
}

/** Time slices, ms. */
export interface Slices {
  readonly ingestMs: number;
  readonly drainMs: number;
}

/** State that passes share, from the first one to the last. */
export interface PassState extends PassContext {
  readonly slices: Slices;
  readonly budget: Budget;
  readonly ioThrottle: IoThrottle;
  readonly ingest: Ingest;
  readonly find: FindDatasets;
  /** True where a dataset gets samples. */
  readonly isOn: (dataset: string) => boolean;
  /** True where this host looks after a dataset, and no other. */
  readonly isOurs: (dataset: string) => boolean;
  readonly unmoved: Unmoved;
  readonly cleanUp: CleanUp;
  readonly retainAll: RetainAll;
  readonly looks: Looks;
  readonly changeMasks: MaskChange;
  readonly waits: Waits;
  readonly contractErrors: ContractErrors;
  /**
   * Writes the waits to the store: with `isLast` now, otherwise not before a while has passed since
   * the last time.
   */
  readonly rememberWaits: (isLast: boolean) => Promise<void>;
  /** True when somebody set the clock since the last call. */
  readonly wasClockSet: () => boolean;
  /** Datasets with lines that were left for another turn, the one that waits longest first. */
  readonly left: Set<string>;
}

/** One pass while it runs. */
export interface PassRun {
  readonly isStopping: () => boolean;
  /** Reports to the context's listener, and counts in the summary. */
  readonly report: (event: PassEvent) => void;
  /** Datasets that have to be looked at again, and the time for each, ms since epoch. */
  readonly unsettled: Map<string, number>;
}

/**
 * Time that ingest has before drain has as much, ms: one long manifest holds up neither other
 * manifests nor drain.
 */
const SLICE_MS = 200;

/**
 * Creates the state for the passes of a process, or of one configuration.
 * @throws Failure CONFIG_INVALID where the key of a mask cannot be read
 */
export async function createPassState(context: PassContext): Promise<PassState> {
  const { store, settings, samples, report } = context;
  const masks = createMasks(settings, readMaskKey);
  masks.checkKeys();
  const waits = createWaits();
  const cleanUp = createCleanUp({
    samples,
    wasStoppedCleanly: (await store.process.wasStoppedCleanly()) === true,
    onRemoved: (dataset, files) => report({ type: "cleanedUp", dataset, files }),
  });
  return {
    ...context,
    slices: context.slices ?? { ingestMs: SLICE_MS, drainMs: SLICE_MS },
    budget: createBudget(settings.load.datasetSecondsPerHour, Date.now),
    ioThrottle: createIoThrottle(settings.load, thisKernel),
    ingest: ingestWith(context),
    find: createFinder(settings),
    isOn: (dataset) => settings.offReason(dataset) === undefined,
    isOurs: (dataset) => looksAfter(store.turns, dataset),
    unmoved: unmovedBelow(settings.prefix),
    cleanUp,
    retainAll: createRetainAll({ store: store.upkeep, settings, samples, cleanUp: cleanUp.ensure }),
    looks: createLooks(store, settings),
    changeMasks: await createMaskChange({ store, masks, samples }),
    waits,
    contractErrors: createContractErrors(),
    rememberWaits: (isLast) => store.process.rememberWaits(waits.all(), isLast),
    wasClockSet: watchClock(),
    left: new Set(),
  };
}

function ingestWith({ store, settings, samples, report }: PassContext): Ingest {
  return createIngest({
    store: store.ingest,
    settings,
    async onRejected(dataset, lines) {
      const now = Date.now();
      const receipts = lines.map((line) => rejectionReceipt(line, now));
      await samples.addReceipts(dataset, receipts);
      for (const line of lines) report({ type: "rejected", dataset, line });
    },
    onRestored: (dataset, receipts) => report({ type: "restoring", dataset, receipts }),
    onSkipped: (dataset, names) => report({ type: "skipped", dataset, names }),
  });
}

/** Reports that something could not be done. */
export function reportFailure(
  { report }: Pick<PassRun, "report">,
  where: string,
  failure: Failure,
): void {
  report({ type: "error", where, code: failure.code, message: failure.message });
}

/** Forgets what earlier passes saw of manifests: others may have read on, or back, meanwhile. */
export async function forgetSeen({ unmoved, ingest }: PassState): Promise<void> {
  unmoved.forget();
  await ingest.close();
}

/** Notes the reason why nothing of a dataset is done, for those who look. */
export async function addWait(
  pass: PassState,
  dataset: string,
  code: FailureCode,
  message: string,
): Promise<void> {
  pass.waits.add({ dataset, code, message, at: Date.now() });
  await pass.rememberWaits(false);
}
