import { createRoute, z } from "@hono/zod-openapi";
import {
  executedSchema,
  executeSchema,
  newRunSchema,
  problemSchema,
  runSchema,
  runsSchema,
} from "./schemas.ts";

const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
const body = <T extends z.ZodType>(schema: T) => ({
  body: { required: true, content: { "application/json": { schema } } },
});
const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});
const shared = {
  400: problem("The request is not valid."),
  401: problem("The bearer token is missing or wrong."),
  413: problem("The body is larger than 1 MiB."),
  422: problem("A name, a location or a tool is refused."),
  429: problem("Too many runs; `Retry-After` says when to ask again."),
};
const unknown = { 401: shared[401], 404: problem("There is no such run.") };
const id = z.object({ id: z.string().openapi({ example: "run-3fa9c2d1" }) });
const security = [{ token: [] }];

/** `POST /api/v2/execute` */
export const execute = createRoute({
  method: "post",
  path: "/api/v2/execute",
  summary: "Stage files, resolve parameters, run the tool, clean up",
  security,
  request: body(executeSchema),
  responses: { 200: json(executedSchema, "The result."), ...shared },
});

/** `POST /api/v2/runs` */
export const newRun = createRoute({
  method: "post",
  path: "/api/v2/runs",
  summary: "Stage a run in the background; it stays until it is deleted or its time is over",
  description: "With an `Idempotency-Key` a repeated request finds the run of the first one.",
  security,
  request: {
    ...body(newRunSchema),
    headers: z.object({ "idempotency-key": z.string().min(1).max(255).optional() }),
  },
  responses: { 202: json(runSchema, "It has begun; `Location` is its address."), ...shared },
});

/** `GET /api/v2/runs` */
export const runs = createRoute({
  method: "get",
  path: "/api/v2/runs",
  summary: "All runs, the newest first",
  security,
  responses: { 200: json(runsSchema, "The runs."), 401: shared[401] },
});

/** `GET /api/v2/runs/{id}` */
export const run = createRoute({
  method: "get",
  path: "/api/v2/runs/{id}",
  summary: "State, files, progress and resolved parameters of a run",
  security,
  request: { params: id },
  responses: { 200: json(runSchema, "The run."), ...unknown },
});

/** `GET /api/v2/runs/{id}/events` */
export const events = createRoute({
  method: "get",
  path: "/api/v2/runs/{id}/events",
  summary: "Progress of a run as Server-Sent Events",
  description: "`progress` with a file's state, and at the end `run` with the run as it is then.",
  security,
  request: { params: id },
  responses: {
    200: { description: "Events.", content: { "text/event-stream": { schema: z.string() } } },
    ...unknown,
  },
});

/** `DELETE /api/v2/runs/{id}` */
export const deleteRun = createRoute({
  method: "delete",
  path: "/api/v2/runs/{id}",
  summary: "Cancel what is under way and remove the run",
  security,
  request: { params: id },
  responses: { 204: { description: "It is gone." }, ...unknown },
});
