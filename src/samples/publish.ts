import { writeSync } from "node:fs";
import { errorCode, systemErrorIn } from "../errors.ts";
import { nameFailure, outputFailure } from "../lake/errors.ts";
import { closeFile, createFile, removeEntry, renameEntry } from "../lake/held-directory.ts";
import { type Growing, growing } from "../lib/growing.ts";
import type { SampleStream, SampleSummary, WholeSample } from "../formats/types.ts";
import { checkInPlace, type SamplePlace } from "./directory.ts";
import { nextTemporaryName } from "./temporary-name.ts";

/** Bytes of a sample's pieces that are written together: a call takes longer than copying them. */
const TOGETHER_BYTES = 16 * 1024;

/** Memory for such pieces, while no sample is being written. */
let spare: Growing | undefined;

/** A sample that is written but not yet visible. Its directory has to be held until it is. */
export interface Staged {
  readonly summary: SampleSummary;
  /** Bytes written. */
  readonly bytes: number;
  /** Gives the sample its name. @throws Failure, also where the directory was moved meanwhile */
  commit(): void;
  /** Removes it. */
  discard(): void;
}

/**
 * Writes a sample beside its place, under a temporary name; nothing remains if that fails. `onLeft`
 * is called where the temporary file cannot be removed.
 * @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE; what the sampler throws.
 */
export async function stage(
  place: SamplePlace,
  sample: SampleStream,
  onLeft: () => void,
): Promise<Staged> {
  const begun = begin(place, onLeft);
  try {
    const { summary, bytes } = await writeAll(begun, sample);
    return begun.staged(summary, bytes);
  } catch (error) {
    begun.abandon();
    throw error;
  }
}

/** The same for a sample that is in one piece. @throws Failure as `stage` */
export function stageWhole(
  place: SamplePlace,
  { bytes, summary }: Pick<WholeSample, "bytes" | "summary">,
  onLeft: () => void,
): Staged {
  const begun = begin(place, onLeft);
  try {
    begun.write(bytes);
    return begun.staged(summary, bytes.length);
  } catch (error) {
    begun.abandon();
    throw error;
  }
}

/** A sample's temporary file, open to be written. */
interface Begun {
  /** @throws Failure OUTPUT_FULL or OUTPUT_UNWRITABLE */
  write(bytes: Uint8Array): void;
  /** Closes it. @throws Failure as `write`: only then may a file server say that there is no room */
  staged(summary: SampleSummary, bytes: number): Staged;
  /** Removes it. */
  abandon(): void;
}

function begin({ folder, file }: SamplePlace, onLeft: () => void): Begun {
  const target = `${folder.path}/${file}`;
  const temporary = nextTemporaryName();
  const fd = output(target, () => createFile(folder, temporary));
  let isOpen = true;

  return {
    write: (bytes) => output(target, () => writeWhole(fd, bytes)),
    staged(summary, bytes) {
      isOpen = false;
      output(target, () => closeFile(fd));
      return { summary, bytes, commit, discard };
    },
    abandon() {
      if (isOpen) closeAnyway(fd);
      discard();
    },
  };

  function commit(): void {
    checkInPlace(folder);
    try {
      renameEntry(folder, temporary, file);
    } catch (error) {
      throw nameFailure(error, target);
    }
  }

  function discard(): void {
    remove(() => removeEntry(folder, temporary), onLeft);
  }
}

/** Closes a file that is to be thrown away; the reason for that says more than an error here. */
function closeAnyway(fd: number): void {
  try {
    closeFile(fd);
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
  }
}

/**
 * Removes a temporary file. One that cannot be removed now is left to a later start; the error that
 * makes it go says more.
 */
function remove(work: () => void, onLeft: () => void): void {
  try {
    work();
  } catch (error) {
    if (systemErrorIn(error) === undefined) throw error;
    if (errorCode(error) !== "ENOENT") onLeft();
  }
}

async function writeAll(
  { write }: Begun,
  sample: SampleStream,
): Promise<{ summary: SampleSummary; bytes: number }> {
  let bytes = 0;
  const held = spare ?? growing();
  spare = undefined;
  try {
    for (;;) {
      const { value, done } = await sample.next();
      if (done === true || held.length() + value.length > TOGETHER_BYTES) {
        write(held.bytes());
        held.clear();
      }
      if (done === true) return { summary: value, bytes };
      if (value.length > TOGETHER_BYTES) write(value);
      else held.add(value, 0, value.length);
      bytes += value.length;
    }
  } catch (error) {
    await sample.return(undefined as never);
    throw error;
  } finally {
    held.clear();
    spare = held;
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
}

/** Does something to our own output; an error there concerns the whole dataset. */
function output<T>(target: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw outputFailure(error, target);
  }
}
