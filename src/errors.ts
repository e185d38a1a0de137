import { constants } from "node:os";

/**
 * Every code a person may see: when what failed with it is tried again, what it means, and what
 * helps. `later`: with back-off for a day; `few`: three times; `change`: when the mtime or our version
 * changes; `line`: when a new line names it; `pass`: with the next pass; `never`: not by itself.
 */
const codes = {
  FILE_MISSING: {
    retry: "later",
    meaning: "The manifest names a bronze file that is not there.",
    cure: "Look whether the producer wrote it under another name, or removed it. Once it is there, it is found.",
  },
  FILE_UNREADABLE: {
    retry: "later",
    meaning: "The bronze file is there, but may not or cannot be read.",
    cure: "Check owner, mode and the storage: the sampler's user has to be able to read it.",
  },
  FILE_CHANGED: {
    retry: "later",
    meaning: "The bronze file changed while it was read; a sample of two versions would be wrong.",
    cure: "Files should be announced once they are complete. It is read again by itself.",
  },
  TIMEOUT: {
    retry: "few",
    meaning: "The work on the file took longer than limits.seconds and was stopped.",
    cure: "See whether the storage is slow. If the file is really that hard to read, raise limits.seconds for its dataset.",
  },
  MASK_IMPOSSIBLE: {
    retry: "never",
    meaning: "Nothing of the file can be shown without values that the mask of its dataset hides.",
    cure: "docs/masks.md says what can be masked. A sample made under an earlier mask is made again by `run`.",
  },
  FORMAT_INVALID: {
    retry: "change",
    meaning: "The file's name or first bytes claim a format that its content does not keep.",
    cure: "The file is damaged, cut off or misnamed: have it written again, or map its extension with formats.extensions.",
  },
  LIMIT_EXCEEDED: {
    retry: "change",
    meaning:
      "The file asks for more than one of the limits allows: bytes read, size of a record, depth, ratio; of a staged file: its size, or the room on the disk.",
    cure: "The message names the limit. If the file is meant to be so, raise that limit for its dataset, or staging.maxBytes, or make room, and retry.",
  },
  PATH_REFUSED: {
    retry: "line",
    meaning:
      "The path or URL leads outside the prefix and allowedRoots, or to something that is no regular file.",
    cure: "Correct the manifest line, or add the directory, or the beginning of the URL, to allowedRoots.",
  },
  OUTPUT_FULL: {
    retry: "pass",
    meaning: "There is no room, or no quota left, for samples.",
    cure: "Make room; its datasets go on with the next pass.",
  },
  OUTPUT_UNWRITABLE: {
    retry: "pass",
    meaning: "The samples directory may not or cannot be written.",
    cure: "Check owner and mode of samples/; its dataset goes on with the next pass.",
  },
  OVER_BUDGET: {
    retry: "pass",
    meaning: "The dataset has had its load.datasetSecondsPerHour.",
    cure: "It goes on within the hour. Raise the setting if that is too slow.",
  },
  UNEXPECTED: {
    retry: "change",
    meaning: "The sampler itself failed at this file.",
    cure: "This is a fault of ours: please report it with the message and, where possible, the file.",
  },
  UNREACHABLE: {
    retry: "later",
    meaning:
      "A source could not be reached, or did not give the object, however often it was asked.",
    cure: "See whether the server is up and its certificate is known. An entry is tried again by itself. Begin a download again: what was fetched is kept where its version can be told.",
  },
  FORBIDDEN: {
    retry: "later",
    meaning: "A source refuses the object to us, or it leads to a host that may not be reached.",
    cure: "Check the right to it, or have its URL signed again. Where a URL of bronze leads to another host, that one has to be in allowedRoots, too.",
  },
  URL_EXPIRED: {
    retry: "line",
    meaning:
      "The time of a signed URL, or of credentials, is over, or a URL's query is not known any more.",
    cure: "Have it signed again, or renew them, and append a line with the new URL. A download goes on with it; what was fetched is kept.",
  },
  CHECKSUM_MISMATCH: {
    retry: "never",
    meaning: "The bytes are not those that the checksum is of, though they were fetched twice.",
    cure: "Check the checksum and the source: one of them is wrong.",
  },
  UNVERIFIED: {
    retry: "never",
    meaning: "Nothing says what the bytes of the file should be, and its run is strict.",
    cure: "Name its sha256 or size in the data manifest: without one, a login page looks like a file.",
  },
  TOOL_UNKNOWN: {
    retry: "never",
    meaning: "The staging service has no tool of that name.",
    cure: "Add it to staging.tools: only what is named there is run for others.",
  },
  CANCELLED: {
    retry: "never",
    meaning: "Nobody wanted the file any longer while it was staged.",
    cure: "Stage it again: it goes on from where it was.",
  },
  BUSY: {
    retry: "never",
    meaning: "The staging service has as much to do as it takes on.",
    cure: "Ask again after the time that its answer names.",
  },
  LINE_INVALID: {
    retry: "never",
    meaning: "A manifest line is no entry: no JSON, a field missing or wrong, too long.",
    cure: "Have the producer append a correct line. The lines after it are taken all the same.",
  },
  MANIFEST_UNREADABLE: {
    retry: "pass",
    meaning: "A manifest or its directory could not be read.",
    cure: "Check owner, mode and the storage; it is read again with the next pass.",
  },
  RAW_UNREADABLE: {
    retry: "pass",
    meaning: "A directory of raw files could not be listed.",
    cure: "Check owner, mode and the storage, and raw.directories; it is listed again with the next look.",
  },
  CACHE_UNUSABLE: {
    retry: "never",
    meaning: "The cache cannot be used.",
    cure: "Check owner, mode and free space of the state directory. A damaged one is moved aside and rebuilt at the next start.",
  },
  ALREADY_RUNNING: {
    retry: "never",
    meaning: "Another process is at it: a sampler with this cache, or one that fetches this file.",
    cure: "Stop the other one, or give this one a state directory of its own.",
  },
  CONFIG_INVALID: {
    retry: "never",
    meaning: "The configuration is not valid.",
    cure: "`staging-sampler check` says where.",
  },
  USAGE: {
    retry: "never",
    meaning: "A command was called in a way that it does not know.",
    cure: "`--help` says how.",
  },
} as const;

/** A stable name for a kind of failure. */
export type FailureCode = keyof typeof codes;

/** All of them. */
export const failureCodes = Object.keys(codes) as readonly FailureCode[];

/** The event or time at which something that failed is tried again. */
export type Retry = (typeof codes)[FailureCode]["retry"];

/** Returns when a failure with this code is tried again. */
export function retryOf(code: FailureCode): Retry {
  return codes[code].retry;
}

/** The meaning and the cure of a code, also of one that only another version has. */
export function explained(code: string): { readonly meaning: string; readonly cure: string } {
  const unknown = {
    meaning: "A code that this version does not know.",
    cure: "See the message of each entry.",
  };
  return Object.hasOwn(codes, code) ? codes[code as FailureCode] : unknown;
}

/** The one error class: a stable code and a message that says what to do. */
export class Failure extends Error {
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Failure";
    this.code = code;
  }
}

/** Thrown by a sampler for what can be read but has no sample in its own format. */
export class NoSample extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.name = "NoSample";
    this.reason = reason;
  }
}

/** Names of errno values; libuv has none for some of them, such as ESTALE and EDQUOT. */
const errnoNames = new Map(Object.entries(constants.errno).map(([name, value]) => [value, name]));
/** The text for an errno that libuv has no name for: a code and a description, or both in one. */
const unnamed =
  /^(Unknown system error -?\d+: |UNKNOWN: )?(Unknown system error -?\d+|unknown error)/;

/** The `code` of a system, zlib or SQLite error, or undefined. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string")
    return undefined;
  return unnamedErrno(error) ?? error.code;
}

/** Returns the message of an error, whatever was thrown. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const name = unnamedErrno(error);
  return name === undefined ? error.message : error.message.replace(unnamed, name);
}

/**
 * The error of the system among an error and its causes, or undefined: storage, or limits of this
 * process or machine, refused a call, or kept a library from being loaded.
 */
export function systemErrorIn(error: unknown): Error | undefined {
  if (!(error instanceof Error)) return undefined;
  const isRefusal = "errno" in error && "syscall" in error;
  const isItself = isRefusal || errorCode(error) === "ERR_DLOPEN_FAILED";
  return isItself ? error : systemErrorIn(error.cause);
}

/** The name of an errno that libuv has no name for. */
function unnamedErrno(error: Error): string | undefined {
  if (!("errno" in error) || typeof error.errno !== "number" || !unnamed.test(error.message))
    return undefined;
  return errnoNames.get(Math.abs(error.errno));
}
