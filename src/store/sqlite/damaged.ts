import { errorCode } from "../../errors.ts";

/** Whether an error says that a database is damaged, or is none. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? "");
}
