import { STATUS_CODES } from "node:http";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { Failure, type FailureCode } from "../../errors.ts";

/** Statuses of answers that are errors. */
export type ProblemStatus = 400 | 401 | 404 | 411 | 413 | 415 | 422 | 429 | 500 | 503 | 507;

/** The status for a code, where it is the request's or this machine's fault. */
const statuses: { readonly [K in FailureCode]?: ProblemStatus } = {
  USAGE: 400,
  PATH_REFUSED: 422,
  TOOL_UNKNOWN: 422,
  FORBIDDEN: 401,
  FILE_MISSING: 404,
  LIMIT_EXCEEDED: 413,
  BUSY: 429,
  CANCELLED: 503,
  CACHE_UNUSABLE: 503,
  OUTPUT_UNWRITABLE: 503,
  OUTPUT_FULL: 507,
};

/** Seconds after which one who asks too much may ask again. */
const RETRY_S = 5;

/** Answers with a problem document (RFC 9457). */
export function problem(
  c: Context,
  code: FailureCode,
  detail: string,
  status: ProblemStatus = statuses[code] ?? 500,
): Response {
  const document = { type: "about:blank", title: STATUS_CODES[status], status, detail, code };
  const headers = {
    "Content-Type": "application/problem+json",
    ...(status === 429 ? { "Retry-After": String(RETRY_S) } : {}),
    ...(status === 401 ? { "WWW-Authenticate": "Bearer" } : {}),
  };
  return c.body(`${JSON.stringify(document)}\n`, status, headers);
}

/** Answers for an error; undefined for one that is not the request's fault. */
export function problemOf(c: Context, error: unknown): Response | undefined {
  if (error instanceof Failure) return problem(c, error.code, error.message);
  if (!(error instanceof HTTPException)) return undefined;
  return problem(c, "USAGE", error.message, error.status as ProblemStatus);
}
