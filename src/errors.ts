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

/** The `code` of a system, zlib or SQLite error, or undefined. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined;
}

/** What an error says, whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
