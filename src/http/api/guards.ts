import type { Context, MiddlewareHandler, Next } from "hono";
import { problem } from "./problem.ts";
import type { HasToken } from "./token.ts";

/** The path of the API's description, which everybody may read. */
export const OPENAPI = "/api/v2/openapi.json";

const MOST_BODY_BYTES = 1024 ** 2;

/** Lets nobody on who has not the token, where one is needed. */
export function tokenGuard(hasToken: () => HasToken | undefined): MiddlewareHandler {
  return async (c, next) => {
    const needed = hasToken();
    const isOpen = c.req.path === OPENAPI || needed === undefined;
    if (!isOpen && !needed(c.req.header("authorization")))
      return problem(c, "FORBIDDEN", "a bearer token is needed: that of staging.tokenFile");
    return await next();
  };
}

/** Refuses a body that is too large, before a byte of it is read. */
export async function bodyGuard(c: Context, next: Next): Promise<Response | void> {
  if (c.req.header("transfer-encoding") !== undefined)
    return problem(c, "USAGE", "a body needs a Content-Length", 411);
  if (Number(c.req.header("content-length") ?? 0) > MOST_BODY_BYTES)
    return problem(c, "LIMIT_EXCEEDED", `a body has at most ${MOST_BODY_BYTES} bytes`);
  return await next();
}
