import { OpenAPIHono } from "@hono/zod-openapi";
import { Failure } from "../../errors.ts";
import { checkParams, type Json } from "../../staging/params.ts";
import { VERSION } from "../../version.ts";
import { eventsOf } from "./events.ts";
import { bodyGuard, OPENAPI, tokenGuard } from "./guards.ts";
import { idempotent } from "./idempotent.ts";
import { mistakeIn } from "./mistake.ts";
import { problem, problemOf } from "./problem.ts";
import * as routes from "./routes.ts";
import { runView, type RunView } from "./run-view.ts";
import type { Executed } from "./execute.ts";
import type { Service } from "./service.ts";
import type { HasToken } from "./token.ts";

/** Options of `createApi`. */
export interface ApiOptions {
  readonly service: Service;
  /** Undefined where nobody needs a token: on a unix socket, which its group may open. */
  readonly hasToken: () => HasToken | undefined;
  /** Text of `/metrics`, and its media type. */
  readonly metrics: () => Promise<readonly [text: string, type: string]>;
  /** Called with errors that are not the request's fault. */
  readonly onError: (error: unknown) => void;
}

/** Makes the API of staging: STAGING over HTTP, with its own description. */
export function createApi({ service, hasToken, metrics, onError }: ApiOptions): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result, c) => {
      if (result.success) return undefined;
      return problem(c, "USAGE", mistakeIn(result.error.issues));
    },
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
  });
  const once = idempotent<RunView>();

  app.use("/api/v2/*", tokenGuard(hasToken), bodyGuard);

  app.openapi(routes.execute, async (c) => {
    const { ast, data_manifest: manifest, strict, dry_run } = c.req.valid("json");
    const { tool, params } = ast.experiment;
    const run = { params: params as Json, manifest, strict };
    const { signal } = c.req.raw;
    const result = dry_run ? service.resolve(run) : await service.execute({ ...run, tool, signal });
    // Hono's JSON can be changed, and ours cannot: neither type takes the other's arrays.
    return c.json({ success: isSuccess(result), result } as never, 200);
  });

  app.openapi(routes.newRun, async (c) => {
    const { params, data_manifest: manifest, ttl_seconds: ttl, strict } = c.req.valid("json");
    checkParams(params as Json);
    const ttlMs = ttl === undefined ? undefined : ttl * 1000;
    const { "idempotency-key": key } = c.req.valid("header");
    const view = await once(key, { params, manifest, ttl, strict }, async () => {
      const run = await service.begin({ params: params as Json, manifest, strict, ttlMs });
      return runView(run, undefined);
    });
    return c.json(view, 202, { Location: `/api/v2/runs/${view.run_id}` });
  });

  app.openapi(routes.runs, async (c) => {
    const all = await service.list();
    const views = all.map((run) => runView(run, service.live(run.id)?.progress.get()));
    return c.json({ runs: views }, 200);
  });

  app.openapi(routes.run, async (c) => {
    const { id } = c.req.valid("param");
    const view = await viewOf(id);
    if (view === undefined) throw noRun(id);
    return c.json(view, 200);
  });

  app.openapi(routes.events, async (c) => {
    const { id } = c.req.valid("param");
    if ((await viewOf(id)) === undefined) throw noRun(id);
    return eventsOf(c, service.live(id), async () => (await viewOf(id)) ?? { run_id: id });
  });

  app.openapi(routes.deleteRun, async (c) => {
    const { id } = c.req.valid("param");
    if (!(await service.remove(id))) throw noRun(id);
    return c.body(null, 204);
  });

  addHealth(app, { service, metrics });
  app.doc31(OPENAPI, {
    openapi: "3.1.0",
    info: {
      title: "Staging Sampler: staging",
      version: VERSION,
      description: "Files from elsewhere, whole and verified, where work needs them.",
    },
  });
  app.notFound((c) => problem(c, "FILE_MISSING", `there is nothing at ${c.req.path}`));
  app.onError((error, c) => {
    const answer = problemOf(c, error);
    if (answer !== undefined) return answer;
    onError(error);
    return problem(c, "UNEXPECTED", "this could not be answered; the service's log says why");
  });
  return app;

  async function viewOf(id: string): Promise<RunView | undefined> {
    const run = await service.find(id);
    return run === undefined ? undefined : runView(run, service.live(id)?.progress.get());
  }
}

/** Adds the calls of those who watch the service. */
function addHealth(
  app: OpenAPIHono,
  { service, metrics }: Pick<ApiOptions, "service" | "metrics">,
) {
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    await service.list();
    return c.json({ status: "ok", runs_at_work: service.atWork() });
  });
  app.get("/metrics", async (c) => {
    const [text, type] = await metrics();
    return c.body(text, 200, { "Content-Type": type });
  });
}

function isSuccess({ status, exit_code: code = 0 }: Executed): boolean {
  return status !== "failed" && code === 0;
}

function noRun(id: string): Failure {
  return new Failure("FILE_MISSING", `there is no run ${id}`);
}
