import { type FailureCode, retryOf } from "../../errors.ts";

/** What a code means, and what to do about it. */
export interface Explained {
  readonly meaning: string;
  readonly cure: string;
}

const texts: Readonly<Record<FailureCode, Explained>> = {
  FILE_MISSING: {
    meaning: "The manifest names a bronze file that is not there.",
    cure: "Look whether the producer wrote it under another name, or removed it. Once it is there, it is found.",
  },
  FILE_UNREADABLE: {
    meaning: "The bronze file is there, but may not or cannot be read.",
    cure: "Check owner, mode and the storage: the sampler's user has to be able to read it.",
  },
  FILE_CHANGED: {
    meaning: "The bronze file changed while it was read; a sample of two versions would be wrong.",
    cure: "Files should be announced once they are complete. It is read again by itself.",
  },
  TIMEOUT: {
    meaning: "The work on the file took longer than limits.seconds and was stopped.",
    cure: "See whether the storage is slow. If the file is really that hard to read, raise limits.seconds for its dataset.",
  },
  FORMAT_INVALID: {
    meaning: "The file's name or first bytes claim a format that its content does not keep.",
    cure: "The file is damaged, cut off or misnamed: have it written again, or map its extension with formats.extensions.",
  },
  LIMIT_EXCEEDED: {
    meaning:
      "The file asks for more than one of the limits allows: bytes read, size of a record, depth, ratio.",
    cure: "The message names the limit. If the file is meant to be so, raise that limit for its dataset and retry.",
  },
  PATH_REFUSED: {
    meaning:
      "The path leads outside the prefix and allowedRoots, or to something that is no regular file.",
    cure: "Correct the manifest line, or add the directory to allowedRoots.",
  },
  OUTPUT_FULL: {
    meaning: "There is no room, or no quota left, for samples.",
    cure: "Make room; its datasets go on with the next pass.",
  },
  OUTPUT_UNWRITABLE: {
    meaning: "The samples directory may not or cannot be written.",
    cure: "Check owner and mode of samples/; its dataset goes on with the next pass.",
  },
  OVER_BUDGET: {
    meaning: "The dataset has had its load.datasetSecondsPerHour.",
    cure: "It goes on within the hour. Raise the setting if that is too slow.",
  },
  UNEXPECTED: {
    meaning: "The sampler itself failed at this file.",
    cure: "This is a fault of ours: please report it with the message and, where possible, the file.",
  },
  LINE_INVALID: {
    meaning: "A manifest line is no entry: no JSON, a field missing or wrong, too long.",
    cure: "Have the producer append a correct line. The lines after it are taken all the same.",
  },
  MANIFEST_UNREADABLE: {
    meaning: "A manifest or its directory could not be read.",
    cure: "Check owner, mode and the storage; it is read again with the next pass.",
  },
  CACHE_UNUSABLE: {
    meaning: "The cache cannot be used.",
    cure: "Check owner, mode and free space of the state directory. A damaged one is moved aside and rebuilt at the next start.",
  },
  ALREADY_RUNNING: {
    meaning: "Another sampler uses this cache.",
    cure: "Stop the other one, or give this one a state directory of its own.",
  },
  CONFIG_INVALID: {
    meaning: "The configuration is not valid.",
    cure: "`staging-sampler check` says where.",
  },
  USAGE: {
    meaning: "A command was called in a way that it does not know.",
    cure: "`--help` says how.",
  },
};

/** The meaning of a code; a code of another version is unknown. */
export function explained(code: string): Explained {
  const known = Object.hasOwn(texts, code) ? texts[code as FailureCode] : undefined;
  return (
    known ?? {
      meaning: "A code that this version does not know.",
      cure: "See the message of each entry.",
    }
  );
}

/** When something with a code is tried again, in general. */
export function retryText(code: FailureCode): string {
  return {
    later: "Tried again by itself: after 5 s, doubling to 1 h, for 24 h.",
    few: "Tried three times; then again when a new manifest line names the file, or when retry asks.",
    change:
      "Tried again when the file's mtime or this program's version changes, or when retry asks.",
    line: "Tried again when a new manifest line names the file, or when retry asks.",
    pass: "Tried again with the next pass.",
    never: "Not tried again.",
  }[retryOf(code)];
}

/** What it takes for a dead letter to be tried again; `code` is null where that is not known. */
export function deadLetterText(code: FailureCode | null): string {
  const upgrade =
    code !== null && retryOf(code) === "change" ? ", a new version of this program" : "";
  return `Not by itself: only a new manifest line${upgrade} or retry.`;
}
