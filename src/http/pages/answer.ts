import type { Context } from "hono";
import { stream } from "hono/streaming";
import { errorCode, errorMessage, Failure } from "../../errors.ts";
import type { StatusReport } from "../../inspect/status.ts";
import { Busy } from "../../lib/semaphore.ts";
import type { PageContext } from "../state.ts";
import { errorAnswer } from "../server/errors.ts";
import { isStoreFailure } from "../server/store-reader.ts";
import { NoPage, type Trouble, troubleView } from "./error-page.ts";
import { failureCount } from "./first-answer.ts";
import { noticesOf, wellnessOf } from "./health-notice.ts";
import { aroundHole } from "./hole.ts";
import { type Html, layout, noticeHtml, type Page } from "./layout.ts";
import { BadRequest } from "./query.ts";
import { stripHtml } from "./summary-strip.ts";

/** A page without the parts that all pages share. */
export type View = Omit<Page, "notices" | "failures"> & { readonly notices?: Page["notices"] };

/** Answers with a page. */
export async function show(
  context: PageContext,
  c: Context,
  view: (now: number) => Promise<View>,
): Promise<Response> {
  return answering(context, c, async () => {
    const now = Date.now();
    return c.html(await wholePage(context, await view(now), now));
  });
}

/** Time in which the server gathers the first parts of an answer to send them at once, ms. */
const GATHERING_MS = 5;

/** Writes a part of a page. It does not wait for the reader: what was not read yet is held in memory. */
export type Write = (part: Html) => Promise<void>;

/** A page of which a part may be written while it is found. */
export interface GrowingView extends View {
  /**
   * Writes what belongs in the hole of `body`; undefined where that has none. `isGone` tells that
   * nobody reads it any more.
   */
  readonly grow?: (write: Write, isGone: () => boolean) => Promise<void>;
}

/**
 * Answers with a page whose beginning is sent before its rest is found. An error that comes later is
 * told in its place.
 */
export async function showGrowing(
  context: PageContext,
  c: Context,
  view: () => Promise<GrowingView>,
): Promise<Response> {
  return answering(context, c, async () => {
    const { grow, ...page } = await view();
    const whole = await wholePage(context, page, Date.now());
    if (grow === undefined || c.req.method === "HEAD") return c.html(whole);
    const { before, after } = await aroundHole(whole);
    c.header("Content-Type", "text/html; charset=UTF-8");
    // A proxy that gathered the parts would have people wait for the last one.
    c.header("X-Accel-Buffering", "no");
    return stream(c, async (parts) => {
      const write: Write = async (part) => void parts.write(String(await part));
      await write(before);
      await parts.sleep(GATHERING_MS);
      try {
        await grow(write, () => parts.aborted);
      } catch (error) {
        const { title, message } = errorPageOf(error) ?? unexpected(context, c, error);
        await write(noticeHtml({ kind: "bad", title: `${title}:`, text: message }));
      }
      await write(after);
    });
  });
}

/** Answers with a page of its own where a request, the cache or a sample has a fault. */
export async function answering(
  context: PageContext,
  c: Context,
  answer: () => Promise<Response>,
): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    return trouble(context, c, errorPageOf(error) ?? unexpected(context, c, error));
  }
}

function unexpected(context: PageContext, c: Context, error: unknown): Trouble {
  const stack = error instanceof Error ? error.stack : undefined;
  context.onFailure(c.req.path, errorCode(error) ?? "UNEXPECTED", stack ?? errorMessage(error));
  const message = "This is a fault of ours; the daemon's log says more.";
  return { status: 500, code: "UNEXPECTED", title: "This could not be answered", message };
}

/** A page for people, JSON for programs. */
export async function trouble(context: PageContext, c: Context, found: Trouble): Promise<Response> {
  const isForPerson = c.req.header("accept")?.includes("text/html") === true;
  if (!isForPerson) return errorAnswer(c.req.raw, found);
  const view = { title: found.title, part: "none", body: troubleView(found) } as const;
  return c.html(await wholePage(context, view, Date.now()), found.status);
}

async function wholePage(context: PageContext, view: View, now: number): Promise<Awaited<Html>> {
  const report = await reportOrError(context);
  const general = noticesOf(context, report, now);
  const notices = [...general, ...(view.notices ?? [])];
  const failures = report instanceof Error ? 0 : failureCount(report);
  return layout({ ...view, notices, failures }, context.settings, now);
}

/** The strip above the datasets: the daemon's health, and its work. */
export function strip(
  context: PageContext,
  report: StatusReport | Error,
  now: number,
): ReturnType<typeof stripHtml> {
  const status = report instanceof Error ? undefined : report;
  const wellness = wellnessOf(context, report, now);
  return stripHtml({ state: context.state(), wellness, status, now });
}

/**
 * The report, or the reason why there is none: without a cache the daemon itself can still be seen.
 */
export async function reportOrError(context: PageContext): Promise<StatusReport | Error> {
  try {
    return await context.report();
  } catch (error) {
    if (isStoreFailure(error) || error instanceof Failure) return error as Error;
    throw error;
  }
}

/** The page for an error that is not a fault of ours; undefined for one that may be. */
function errorPageOf(error: unknown): Trouble | undefined {
  if (error instanceof NoPage) return error.trouble;
  if (error instanceof BadRequest) {
    const title = "This address cannot be meant";
    return { status: 400, code: "REQUEST_INVALID", title, message: error.message };
  }
  if (error instanceof Busy) {
    return { status: 503, code: "BUSY", title: "Too many ask at once", message: error.message };
  }
  if (isStoreFailure(error)) {
    const title = "There is no cache to read";
    return { status: 503, code: "CACHE_UNUSABLE", title, message: errorMessage(error) };
  }
  if (!(error instanceof Failure)) return undefined;
  const status = error.code === "FILE_MISSING" || error.code === "PATH_REFUSED" ? 404 : 503;
  const { code, message } = error;
  const title =
    code === "CONFIG_INVALID" ? "The configuration has a mistake" : "This sample cannot be had";
  return { status, code, title, message: `${code}: ${message}` };
}
