import { constants } from "node:os";

/**
 * Every code a person may see, and when what failed with it is tried again. `later`: with back-off
 * for a day; `few`: three times; `change`: when the mtime or our version changes; `line`: when a
 * new line names it; `pass`: with the next pass.
 */
const retries = {
  FILE_MISSING: "later",
  FILE_UNREADABLE: "later",
  FILE_CHANGED: "later",
  TIMEOUT: "few",
  FORMAT_INVALID: "change",
  LIMIT_EXCEEDED: "change",
  PATH_REFUSED: "line",
  OUTPUT_FULL: "pass",
  OUTPUT_UNWRITABLE: "pass",
  OVER_BUDGET: "pass",
  UNEXPECTED: "change",
  LINE_INVALID: "never",
  MANIFEST_UNREADABLE: "pass",
  CACHE_UNUSABLE: "never",
  ALREADY_RUNNING: "never",
  CONFIG_INVALID: "never",
  USAGE: "never",
} as const;

/** A stable name for a kind of failure. */
export type FailureCode = keyof typeof retries;

/** All of them. */
export const failureCodes = Object.keys(retries) as readonly FailureCode[];

/** When a failure with this code is looked at again. */
export function retryOf(code: FailureCode): (typeof retries)[FailureCode] {
  return retries[code];
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

/** What an error says, whatever was thrown. */
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
