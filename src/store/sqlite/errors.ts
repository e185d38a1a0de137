import { errorCode } from "../../errors.ts";

/** True when an error came from SQLite. */
export function isSqliteError(error: unknown): boolean {
  return errorCode(error)?.startsWith("SQLITE_") === true;
}

/** True when an error says that a database is damaged, or is none. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? "");
}

/** True when an error says that a database cannot grow. */
export function isFull(error: unknown): boolean {
  return errorCode(error) === "SQLITE_FULL";
}
