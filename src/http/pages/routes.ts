import type { WholeEntry } from "../../store/rows.ts";
import type { Context, Hono } from "hono";
import { html } from "hono/html";
import { createSemaphore } from "../../lib/semaphore.ts";
import { fileName } from "../../lib/text.ts";
import type { AppContext } from "../server/app.ts";
import { answering, reportOrError, show, strip, trouble, type View } from "./answer.ts";
import { addAssets } from "./assets.ts";
import { datasetsQuery, datasetsView } from "./datasets.ts";
import { downloadOf } from "./download.ts";
import { entryQuery, entryView } from "./entry.ts";
import { entryFacts, openSampleOf } from "./entry-facts.ts";
import { noDataset, NoPage } from "./error-page.ts";
import { failuresQuery, failuresView } from "./failures.ts";
import { filesQuery, filesView } from "./files.ts";
import { datasetAddress, entryAddress, type Notice } from "./layout.ts";
import { queryOf, required } from "./query.ts";
import { stagingsView } from "./stagings.ts";
import { createViewThreads } from "./view-threads.ts";

/** Samples that are decoded at once: each may take tens of megabytes, and half a second. */
const SHOWN_AT_ONCE = 2;
/** Longest wait for a sample's turn, ms: less than an idle connection has. */
const PATIENCE_MS = 10_000;
/** Entries that are named where the wanted one is unknown. */
const SIMILAR = 5;

/** The heading, with a link for those who have no script, and for the table. */
const heading = html`<div class="title">
  <h1>Datasets</h1>
  <a href="/">Refresh</a>
</div>`;
/** Adds the pages that people look at. They change nothing. */
export function addPages(app: Hono, context: AppContext): void {
  const { settings } = context;
  const entryPage = createEntryPage(context);
  addAssets(app);
  app.get("/", (c) => show(context, c, (now) => datasetsPage(context, c, now)));
  app.get("/live", async (c) => c.html(strip(context, await reportOrError(context), Date.now())));
  app.get("/datasets/:vendor/:dataset/:version", (c) => {
    const { vendor, dataset, version } = c.req.param();
    return show(context, c, (now) => filesPage(context, c, `${vendor}/${dataset}/${version}`, now));
  });
  app.get("/entry", (c) => show(context, c, (now) => entryPage(c, now)));
  app.get("/sample", (c) =>
    answering(context, c, async () => {
      const { file, name } = await openSampleOf(settings, await entryIn(context, c));
      return downloadOf(file, name, c.req.method === "HEAD");
    }),
  );
  app.get("/failures", (c) => show(context, c, (now) => failuresPage(context, c, now)));
  app.get("/stagings", (c) => show(context, c, (now) => stagingsPage(context, now)));
  app.notFound((c) =>
    trouble(context, c, {
      status: 404,
      code: "NOT_FOUND",
      title: "Not found",
      message: "There is no such page.",
    }),
  );
}

async function datasetsPage(context: AppContext, c: Context, now: number): Promise<View> {
  const query = queryOf(c.req.url, datasetsQuery);
  const report = await reportOrError(context);
  const status = report instanceof Error ? undefined : report;
  const list = status === undefined ? html`` : datasetsView(status, context.state().paused, query);
  return {
    title: "Datasets",
    part: "datasets",
    body: html`${heading}${strip(context, report, now)}${list}`,
  };
}

async function filesPage(
  context: AppContext,
  c: Context,
  dataset: string,
  now: number,
): Promise<View> {
  const query = queryOf(c.req.url, filesQuery);
  const status = (await context.report()).datasets.find((each) => each.dataset === dataset);
  if (status === undefined) throw noDataset(dataset);
  return {
    title: dataset,
    part: "datasets",
    crumbs: [{ text: "Datasets", href: "/" }, { text: dataset }],
    notices: await waitsOf(context, dataset),
    body: await filesView(context, status, query, now),
  };
}

/** Creates the page of an entry. Few entries are shown at once: their samples are decoded. */
function createEntryPage(context: AppContext): (c: Context, now: number) => Promise<View> {
  const { settings } = context;
  const inTurn = createSemaphore(SHOWN_AT_ONCE, PATIENCE_MS);
  const viewInThread = createViewThreads();
  return async (c, now) => {
    const entry = await entryIn(context, c);
    const facts = await inTurn(() => entryFacts({ settings, viewInThread }, entry, now));
    return {
      title: fileName(entry.raw),
      part: "datasets",
      crumbs: [
        { text: "Datasets", href: "/" },
        { text: entry.dataset, href: datasetAddress(entry.dataset) },
        { text: entry.raw },
      ],
      notices: await waitsOf(context, entry.dataset),
      body: entryView(facts),
    };
  };
}

async function failuresPage(context: AppContext, c: Context, now: number): Promise<View> {
  const query = queryOf(c.req.url, failuresQuery);
  const body = await failuresView(context, await context.report(), query, now);
  return { title: "Failures", part: "failures", body };
}

/** The page of stagings; the code that knows regions is loaded with the first look at it. */
async function stagingsPage({ settings }: AppContext, now: number): Promise<View> {
  const { readOverview } = await import("./read-overview.ts");
  const body = stagingsView(await readOverview(settings), now);
  return { title: "Stagings", part: "stagings", body };
}

/** The waits of a dataset: the daemon's word goes before the cache's memory. */
async function waitsOf(context: AppContext, dataset: string): Promise<Notice[]> {
  const wait = context.state().paused.find((each) => each.dataset === dataset);
  const row = (await context.report()).datasets.find((each) => each.dataset === dataset);
  const text = wait === undefined ? row?.waitsFor : `${wait.code}: ${wait.message}`;
  return typeof text === "string" ? [{ kind: "wait", title: "This dataset waits:", text }] : [];
}

/** The entry that a request names. @throws BadRequest, NoPage */
async function entryIn(context: AppContext, c: Context): Promise<WholeEntry> {
  const query = queryOf(c.req.url, entryQuery);
  const [dataset, raw] = [required(query, "dataset"), required(query, "raw")];
  const { queries } = context.store();
  const [entry] = await queries.entriesOf(raw, dataset);
  if (entry !== undefined) return entry;
  const near = await queries.nearRaws({ raw, count: SIMILAR });
  const links = near.flatMap((found) => {
    const href = entryAddress(found);
    return href === undefined ? [] : [{ text: `${found.dataset} ${found.raw}`, href }];
  });
  const message = `No entry of ${dataset} arrived as ${raw}. ${links.length > 0 ? "One of these may be meant:" : ""}`;
  throw new NoPage({ status: 404, code: "NOT_FOUND", title: "No such entry", message, links });
}
