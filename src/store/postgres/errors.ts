import { errorCode, errorMessage, Failure } from "../../errors.ts";

/** SQLSTATEs of transactions that another one got in the way of: the same again succeeds. */
const CONFLICTS: ReadonlySet<string> = new Set(["40001", "40P01"]);
/** SQLSTATEs and error numbers of a server that cannot be reached, or that goes away or comes up. */
const AWAY = /^(08|57P0|53300|ECONN|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT)/;
/** Messages of the driver for a connection that ended; it gives them no code. */
const ENDED =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has|Query read timeout|timeout expired)/;

/** True when an error came from PostgreSQL, or from the way to it. */
export function isPostgresError(error: unknown): boolean {
  return (error instanceof Error && "severity" in error) || isAway(error);
}

/** True when an error says that the server could not be asked: to ask again later may help. */
export function isAway(error: unknown): boolean {
  return AWAY.test(errorCode(error) ?? "") || ENDED.test(errorMessage(error));
}

/** Thrown in a transaction whose rows another one has changed since they were read. */
export class Overtaken extends Error {
  readonly code = "40001";
}

/** True when a transaction failed for another one that ran at the same time. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.has(errorCode(error) ?? "");
}

/** Translates an error into a Failure for those who use the database; `shown` is its URL without a password. */
export function translated(shown: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = `cannot use the database ${shown}: ${errorMessage(error)} (${hintFor(error)})`;
  return new Failure("CACHE_UNUSABLE", message, { cause: error });
}

/** Advice for people at an error of the database. */
export function hintFor(error: unknown): string {
  const code = errorCode(error) ?? "";
  if (isAway(error)) return "see whether the server runs and can be reached from here";
  if (code === "ENOENT" || code === "EACCES")
    return "see which files of certificates and keys its URL names";
  if (code.startsWith("28")) return "check user and password, and the server's pg_hba.conf";
  if (code === "3D000") return "make the database first: createdb";
  if (code === "42501") return "the role lacks a right: docs/machines.md has the SQL that gives it";
  if (code.startsWith("53")) return "the server lacks disk space, memory or connections";
  return "see the server's log";
}
