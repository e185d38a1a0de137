import { fileName } from "../../lib/text.ts";
import type { Context, Hono } from "hono";
import { html } from "hono/html";
import { entriesOf, type WholeEntry } from "../../store/sqlite/queries/entry.ts";
import { nearRaws } from "../../store/sqlite/queries/near-raws.ts";
import { errorCode, errorMessage, Failure } from "../../errors.ts";
import type { StatusReport } from "../../inspect/status.ts";
import { errorAnswer } from "../server/errors.ts";
import type { AppContext } from "../server/app.ts";
import { isCacheError } from "../server/store-reader.ts";
import { addAssets } from "./assets.ts";
import { datasetsQuery, datasetsView } from "./datasets.ts";
import { downloadOf } from "./download.ts";
import { entryQuery, entryView } from "./entry.ts";
import { entryFacts, openSampleOf } from "./entry-facts.ts";
import { failuresQuery, failuresView } from "./failures.ts";
import { filesQuery, filesView } from "./files.ts";
import { datasetAddress, entryAddress, layout, type Notice, type Page } from "./layout.ts";
import { BadRequest, queryOf, required } from "./query.ts";
import { stripHtml } from "./summary-strip.ts";
import { noDataset, NoPage, type Trouble, troubleView } from "./error-page.ts";
import { Busy, createSemaphore } from "../../lib/semaphore.ts";
import { createViewThreads } from "./view-threads.ts";
import { noticesOf, wellnessOf } from "./health-notice.ts";

/** What a view gives; what is the same for all is added. */
type View = Omit<Page, "notices"> & { readonly notices?: Page["notices"] };

/** Adds the pages that people look at. They change nothing. */
export function addPages(app: Hono, context: AppContext): void {
  const { settings } = context;
  const inTurn = createSemaphore(SHOWN_AT_ONCE, PATIENCE_MS);
  const viewInThread = createViewThreads();
  addAssets(app);

  app.get("/", (c) =>
    show(c, async (now) => {
      const query = queryOf(c.req.url, datasetsQuery);
      const report = await reportOrError();
      const status = report instanceof Error ? undefined : report;
      const list =
        status === undefined ? html`` : datasetsView(status, context.state().paused, query);
      return {
        title: "Datasets",
        part: "datasets",
        body: html`${heading}${strip(report, now)}${list}`,
      };
    }),
  );

  app.get("/live", async (c) => {
    const report = await reportOrError();
    return c.html(strip(report, Date.now()));
  });

  app.get("/datasets/:vendor/:dataset/:version", (c) =>
    show(c, async (now) => {
      const query = queryOf(c.req.url, filesQuery);
      const { vendor, dataset: name, version } = c.req.param();
      const dataset = `${vendor}/${name}/${version}`;
      const status = (await context.report()).datasets.find((each) => each.dataset === dataset);
      if (status === undefined) throw noDataset(dataset);
      return {
        title: dataset,
        part: "datasets",
        crumbs: [{ text: "Datasets", href: "/" }, { text: dataset }],
        notices: await waitsOf(dataset),
        body: filesView(context, status, query, now),
      };
    }),
  );

  app.get("/entry", (c) =>
    show(c, async (now) => {
      const entry = entryIn(c);
      const facts = await inTurn(() => entryFacts({ settings, viewInThread }, entry, now));
      return {
        title: fileName(entry.raw),
        part: "datasets",
        crumbs: [
          { text: "Datasets", href: "/" },
          { text: entry.dataset, href: datasetAddress(entry.dataset) },
          { text: entry.raw },
        ],
        notices: await waitsOf(entry.dataset),
        body: entryView(facts),
      };
    }),
  );

  app.get("/sample", (c) =>
    answering(c, async () => {
      const entry = entryIn(c);
      const { file, name } = await openSampleOf(settings, entry);
      return downloadOf(file, name, c.req.method === "HEAD");
    }),
  );

  app.get("/failures", (c) =>
    show(c, async (now) => {
      const query = queryOf(c.req.url, failuresQuery);
      const body = failuresView(context, await context.report(), query, now);
      return { title: "Failures", part: "failures", body };
    }),
  );

  app.notFound((c) =>
    trouble(c, {
      status: 404,
      code: "NOT_FOUND",
      title: "Not found",
      message: "There is no such page.",
    }),
  );

  async function show(c: Context, view: (now: number) => Promise<View>): Promise<Response> {
    return answering(c, async () => {
      const now = Date.now();
      return c.html(await wholePage(await view(now), now));
    });
  }

  /** Says in a page of its own what is wrong with a request, with the cache or with a sample. */
  async function answering(c: Context, answer: () => Promise<Response>): Promise<Response> {
    try {
      return await answer();
    } catch (error) {
      return trouble(c, errorPageOf(error) ?? unexpected(c, error));
    }
  }

  function unexpected(c: Context, error: unknown): Trouble {
    const stack = error instanceof Error ? error.stack : undefined;
    context.onFailure(c.req.path, errorCode(error) ?? "UNEXPECTED", stack ?? errorMessage(error));
    const message = "This is a fault of ours; the daemon's log says more.";
    return { status: 500, code: "UNEXPECTED", title: "This could not be answered", message };
  }

  /** A page for people, JSON for programs. */
  async function trouble(c: Context, found: Trouble): Promise<Response> {
    const isForPerson = c.req.header("accept")?.includes("text/html") === true;
    if (!isForPerson) return errorAnswer(c.req.raw, found);
    const view = { title: found.title, part: "none", body: troubleView(found) } as const;
    return c.html(await wholePage(view, Date.now()), found.status);
  }

  async function wholePage(view: View, now: number): Promise<Awaited<ReturnType<typeof layout>>> {
    const general = noticesOf(context, await reportOrError(), now);
    const notices = [...general, ...(view.notices ?? [])];
    return layout({ ...view, notices }, settings, now);
  }

  function strip(report: StatusReport | Error, now: number): ReturnType<typeof stripHtml> {
    const status = report instanceof Error ? undefined : report;
    const wellness = wellnessOf(context, report, now);
    return stripHtml({ state: context.state(), wellness, status, now });
  }

  /** What the daemon tells of itself is to be seen while there is no cache, too. */
  async function reportOrError(): Promise<StatusReport | Error> {
    try {
      return await context.report();
    } catch (error) {
      if (isCacheError(error) || error instanceof Failure) return error as Error;
      throw error;
    }
  }

  /** The daemon's word goes before what the cache remembers. */
  async function waitsOf(dataset: string): Promise<Notice[]> {
    const wait = context.state().paused.find((each) => each.dataset === dataset);
    const row = (await context.report()).datasets.find((each) => each.dataset === dataset);
    const text = wait === undefined ? row?.waitsFor : `${wait.code}: ${wait.message}`;
    return typeof text === "string" ? [{ kind: "wait", title: "This dataset waits:", text }] : [];
  }

  /** The entry that a request names. @throws BadRequest, NoPage */
  function entryIn(c: Context): WholeEntry {
    const query = queryOf(c.req.url, entryQuery);
    const [dataset, raw] = [required(query, "dataset"), required(query, "raw")];
    const db = context.cache();
    const [entry] = entriesOf(db, raw, dataset);
    if (entry !== undefined) return entry;
    const links = nearRaws(db, { raw, count: SIMILAR }).flatMap((found) => {
      const href = entryAddress(found);
      return href === undefined ? [] : [{ text: `${found.dataset} ${found.raw}`, href }];
    });
    const message = `No entry of ${dataset} arrived as ${raw}. ${links.length > 0 ? "One of these may be meant:" : ""}`;
    throw new NoPage({ status: 404, code: "NOT_FOUND", title: "No such entry", message, links });
  }
}

/** With a link for those who have no script, and for the table. */
const heading = html`<div class="title">
  <h1>Datasets</h1>
  <a href="/">Refresh</a>
</div>`;
/** Samples that are decoded at once: each may take tens of megabytes, and half a second. */
const SHOWN_AT_ONCE = 2;
/** Less than an idle connection has. */
const PATIENCE_MS = 10_000;
/** Entries that are named where the one that was asked for is unknown. */
const SIMILAR = 5;

/** What to say of an error that is not a fault of ours; undefined for one that may be. */
function errorPageOf(error: unknown): Trouble | undefined {
  if (error instanceof NoPage) return error.trouble;
  if (error instanceof BadRequest) {
    const title = "This address cannot be meant";
    return { status: 400, code: "REQUEST_INVALID", title, message: error.message };
  }
  if (error instanceof Busy) {
    return { status: 503, code: "BUSY", title: "Too many ask at once", message: error.message };
  }
  if (isCacheError(error)) {
    const title = "There is no cache to read";
    return { status: 503, code: "CACHE_UNUSABLE", title, message: errorMessage(error) };
  }
  if (!(error instanceof Failure)) return undefined;
  const status = error.code === "FILE_MISSING" || error.code === "PATH_REFUSED" ? 404 : 503;
  const { code, message } = error;
  return { status, code, title: "This sample cannot be had", message: `${code}: ${message}` };
}
