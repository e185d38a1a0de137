import { createChecks } from "../../checks/checks.ts";
import { type ContractCheck, createContractCheck } from "../../checks/contract/contract-check.ts";
import type { Settings } from "../../config/settings.ts";
import { Failure } from "../../errors.ts";
import { sampleHead } from "../../formats/cut.ts";
import { recogniseHead } from "../../formats/index.ts";
import { sampleAs, sampleWith, summaryWith } from "../../formats/sample-with.ts";
import { unknown } from "../../formats/unknown.ts";
import { makePlace, type SamplePlace } from "../../samples/directory.ts";
import { type Staged, stage, stageWhole } from "../../samples/publish.ts";
import type { Job, Outcome, Sampled } from "../../job.ts";
import type { Recognised, SampleRequest } from "../../formats/types.ts";
import type { Deadlines } from "../../lib/deadlines.ts";
import { TurnLost } from "../../store/turns.ts";
import { shownBronze } from "../../lib/bronze-url.ts";
import type { Growing } from "../../lib/growing.ts";
import { keepPrevious } from "./keep-previous.ts";
import type { Contracts } from "./contracts.ts";
import { type Masks, recogniseUnder } from "../../masking/masks.ts";
import { type Bronze, openBronzeOf } from "./open-bronze.ts";
import type { OpenRemoteBronze } from "./remote-bronze.ts";
import type { Workplace } from "./workplace.ts";

/** Thrown inside, to leave when the sample needs another name. */
export class Rename extends Error {
  /** That name's extension, or null for the raw file's own. */
  readonly extension: string | null;

  constructor(extension: string | null) {
    super("misnamed");
    this.extension = extension;
  }
}

/** The surroundings of a job in its thread. */
export interface Surroundings {
  readonly settings: Settings;
  readonly masks: Masks;
  readonly workplace: Workplace;
  readonly memory: JobMemory;
  readonly openRemote: OpenRemoteBronze;
  readonly contracts: Contracts;
  /** As in `SampleRequest`. */
  readonly alone: SampleRequest["alone"];
  /** Until when samples may be published, by the turns of jobs; absent where that is always. */
  readonly deadlines: Deadlines | undefined;
  /** Called where a temporary file cannot be removed. */
  readonly onLeft: () => void;
}

/** Memory of a job while it is in work: for its file's first bytes, and for its sample. */
export interface JobMemory {
  readonly head: Buffer;
  readonly sample: Growing;
}

/** The reading that a job has done. */
export interface Work {
  readBytes: number;
  /** Of an object elsewhere. */
  requests?: number;
}

/**
 * Opens a bronze file, recognises it, samples it and publishes the sample. `work` counts the bytes
 * that were read, even when that fails.
 * @throws Failure; Rename; TurnLost; the signal's reason once it is aborted
 */
export async function sampleFile(
  job: Job,
  surroundings: Surroundings,
  signal: AbortSignal,
  work: Work,
): Promise<Outcome> {
  const { settings, masks, contracts, workplace, memory, openRemote, alone, onLeft } = surroundings;
  const started = performance.now();
  const {
    limits,
    strategy,
    extensions,
    drift,
    contracts: named,
  } = settings.forDataset(job.dataset);
  const contract = named.file === null ? undefined : await contractCheck(named.file);
  const mask = masks.of(job.dataset);
  const wanted = { shape: drift.enabled, contract, mask: mask?.step, memory: memory.sample };
  const checks = createChecks(wanted);
  const opening = { workplace, limits, signal, memory: memory.head, openRemote };
  const file = await openBronzeOf(job, opening);
  try {
    const request = {
      source: file,
      limits,
      signal,
      depth: 0,
      extensions,
      alone,
      recognise: recogniseUnder(mask),
      strategy: strategy && { ...strategy, seed: `${job.raw}\0${job.mtime}` },
      through: checks?.through,
    };
    const head = await file.head();
    const found = recogniseHead(head, request);
    using place = makePlace(workplace.samples(), job.name);
    const staged = await sampleWith(found, file, async (as) => {
      mask?.check(as);
      return stageAs(as, { head, request }, { place, job, onLeft });
    });
    const facts = checks?.facts(staged.summary.format);
    const { shapes = [] } = facts ?? {};
    const keep = () => keepPrevious(place, request, shapes);
    const mayPublish = () => mayBePublished(job, surroundings.deadlines);
    const kept = await publish(staged, { file, job, signal, mayPublish, keep });
    const warnings = [...staged.summary.warnings, ...(file.warnings?.() ?? []), ...kept];
    const summary = { ...staged.summary, warnings };
    return {
      outcome: "sampled",
      ...(mask === undefined ? summary : { ...mask.summary(summary), mask: mask.fingerprint }),
      ...facts,
      recognisedBy: found.by,
      bytes: staged.bytes,
      ...workOn(file),
      sourceSize: file.size ?? null,
      ms: performance.now() - started,
      ...(job.inode === undefined ? {} : rawFileOf(file)),
    };
  } finally {
    Object.assign(work, workOn(file));
    file.close();
  }

  async function contractCheck(path: string): Promise<ContractCheck> {
    return createContractCheck(await contracts.of(workplace.dataset, path), job.raw, named);
  }
}

/** The raw file as it was opened: it may be another one than a look found under its name. */
function rawFileOf({ mtime, inode }: Bronze): Pick<Sampled, "from" | "mtime" | "inode"> {
  return {
    from: "raw",
    ...(mtime === undefined ? {} : { mtime }),
    ...(inode === undefined ? {} : { inode }),
  };
}

function workOn(file: Bronze): Work {
  const requests = file.requests?.();
  return { readBytes: file.readBytes(), ...(requests === undefined ? {} : { requests }) };
}

async function stageAs(
  found: Recognised,
  { head, request }: { readonly head: Uint8Array; readonly request: SampleRequest },
  { place, job, onLeft }: Pick<Surroundings, "onLeft"> & { place: SamplePlace; job: Job },
): Promise<Staged> {
  const extension = found.format.sampleExtension ?? null;
  const fits = job.extension === extension;
  // Whether a file has a sample after all that was only described so far, sampling has to tell.
  if (!fits && job.extension !== unknown.sampleExtension) throw new Rename(extension);
  const whole = await sampleHead(found, head, request);
  const staged =
    whole === undefined
      ? await stage(place, sampleAs(found, request), onLeft)
      : stageWhole(place, whole, onLeft);
  if (!fits) {
    staged.discard();
    throw new Rename(extension);
  }
  return { ...staged, summary: summaryWith(found, staged.summary) };
}

/** True while nobody else may have published a sample of the job's file. */
function mayBePublished({ turn }: Job, deadlines: Deadlines | undefined): boolean {
  return turn === undefined || deadlines?.isPast(turn) === false;
}

/** Everything that is needed to publish a sample. */
interface Publishing {
  readonly file: Bronze;
  readonly job: Job;
  readonly signal: AbortSignal;
  readonly mayPublish: () => boolean;
  /** Keeps an earlier sample that would be replaced; returns warnings. */
  readonly keep: () => Promise<string[]>;
}

/** Publishes a sample, if all of it was read from one version of the file; returns warnings. */
async function publish(
  staged: Staged,
  { file, job, signal, mayPublish, keep }: Publishing,
): Promise<readonly string[]> {
  try {
    if (!file.isUnchanged()) {
      throw new Failure("FILE_CHANGED", `${shownBronze(job.bronze)} changed while it was read`);
    }
    signal.throwIfAborted();
    const warnings = job.hasSample === true ? await keep() : [];
    if (!mayPublish()) throw new TurnLost(`the turn for ${job.raw} is another host's by now`);
    staged.commit();
    return warnings;
  } catch (error) {
    staged.discard();
    throw error;
  }
}
