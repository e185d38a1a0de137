/** What a failure stops, when it is looked at again, and who can mend it. */
interface Meaning {
  readonly retry: "later" | "few" | "change" | "line" | "pass" | "never";
  readonly who: "producer" | "operator" | "file" | "us";
}

/**
 * Every code a person may see: `retry` says when it is tried again. `later`: with back-off for a
 * day; `few`: three times; `change`: when the mtime or our version changes; `line`: when a new
 * line names it; `pass`: with the next pass.
 */
const failures = {
  FILE_MISSING: { retry: "later", who: "producer" },
  FILE_UNREADABLE: { retry: "later", who: "producer" },
  FILE_CHANGED: { retry: "later", who: "producer" },
  TIMEOUT: { retry: "few", who: "file" },
  FORMAT_INVALID: { retry: "change", who: "file" },
  LIMIT_EXCEEDED: { retry: "change", who: "file" },
  PATH_REFUSED: { retry: "line", who: "producer" },
  OUTPUT_FULL: { retry: "pass", who: "operator" },
  OUTPUT_UNWRITABLE: { retry: "pass", who: "operator" },
  UNEXPECTED: { retry: "change", who: "us" },
  LINE_INVALID: { retry: "never", who: "producer" },
  MANIFEST_UNREADABLE: { retry: "pass", who: "operator" },
  CACHE_UNUSABLE: { retry: "never", who: "operator" },
  ALREADY_RUNNING: { retry: "never", who: "operator" },
  CONFIG_INVALID: { retry: "never", who: "operator" },
  USAGE: { retry: "never", who: "operator" },
} as const satisfies Record<string, Meaning>;

/** A stable name for a kind of failure. */
export type FailureCode = keyof typeof failures;

/** When a failure with this code is looked at again. */
export function retryOf(code: FailureCode): Meaning["retry"] {
  return failures[code].retry;
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
