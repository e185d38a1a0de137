import { Hono } from "hono";
import { errorCode, errorMessage, Failure } from "../../errors.ts";
import type { StatusReport } from "../../inspect/status.ts";
import type { DaemonState, PageContext } from "../state.ts";
import { errorAnswer } from "./errors.ts";
import { type Health, healthOf, patienceOf, readinessOf } from "./health.ts";
import { METRICS_TYPE, metricsText } from "../metrics/text.ts";
import { isStoreFailure } from "./store-reader.ts";
import { jsonText } from "../../lib/text.ts";

/** The context of the endpoints. */
export interface AppContext extends PageContext {
  state(): DaemonState;
}

/**
 * Creates the app with health, readiness, metrics and status. Pages are added to it, and the answer
 * for unknown addresses.
 */
export function createApp(context: AppContext): Hono {
  const { settings, report, state, heardAt, onFailure } = context;
  const patienceMs = patienceOf(settings);
  const app = new Hono();

  app.get("/healthz", (c) => {
    const health = healthNow();
    return c.json(health, health.status === "ok" ? 200 : 503);
  });

  app.get("/readyz", async (c) => {
    const readiness = readinessOf(state(), healthNow(), await reportOrReason());
    return c.json(readiness, readiness.status === "ok" ? 200 : 503);
  });

  app.get("/metrics", async (c) => {
    const found = await reportOrReason();
    const text = await metricsText({
      daemon: state(),
      isHealthy: healthNow().status === "ok",
      place: settings,
      report: typeof found === "string" ? undefined : found,
    });
    return c.body(text, 200, { "Content-Type": METRICS_TYPE });
  });

  app.get("/status.json", async (c) =>
    c.body(jsonText(await report()), 200, { "Content-Type": "application/json" }),
  );

  app.onError((error, c) => {
    const message = errorMessage(error);
    if (isStoreFailure(error)) {
      return errorAnswer(c.req.raw, { status: 503, code: "CACHE_UNUSABLE", message });
    }
    if (error instanceof Failure) {
      return errorAnswer(c.req.raw, { status: 503, code: error.code, message });
    }
    onFailure(c.req.path, errorCode(error) ?? "UNEXPECTED", `${error.stack}`);
    const told = "this could not be answered; the daemon's log says why";
    return errorAnswer(c.req.raw, { status: 500, code: "UNEXPECTED", message: told });
  });
  return app;

  function healthNow(): Health {
    return healthOf({ state: state(), heardAt: heardAt(), now: Date.now(), patienceMs });
  }

  /**
   * The report, or the reason why there is none: the daemon's own state can be shown all the same.
   */
  async function reportOrReason(): Promise<StatusReport | string> {
    try {
      return await report();
    } catch (error) {
      if (!isStoreFailure(error) && !(error instanceof Failure)) throw error;
      return errorMessage(error);
    }
  }
}
