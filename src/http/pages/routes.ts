import type { WholeEntry } from "../../store/rows.ts";
import type { Context, Hono } from "hono";
import { html } from "hono/html";
import { fileName } from "../../lib/text.ts";
import { MAX_COLUMNS } from "../../view/table.ts";
import type { PageContext } from "../state.ts";
import {
  answering,
  reportOrError,
  show,
  showGrowing,
  strip,
  trouble,
  type View,
} from "./answer.ts";
import { addAssets } from "./assets.ts";
import { datasetsQuery, datasetsView, waitsIn } from "./datasets.ts";
import { createDecoding, type Decoding } from "./decoding.ts";
import { downloadOf } from "./download.ts";
import { entryQuery, entryView, sampleQuery } from "./entry.ts";
import { listIn } from "./entry-list.ts";
import { entryFacts, openSampleOf } from "./entry-facts.ts";
import { noDataset, NoPage } from "./error-page.ts";
import { failuresQuery, failuresView } from "./failures.ts";
import { firstAnswer } from "./first-answer.ts";
import { wellnessOf } from "./health-notice.ts";
import { filesQuery, filesView } from "./files.ts";
import { datasetAddress, entryAddress, type Notice } from "./layout.ts";
import { numberIn, type Query, queryOf, required } from "./query.ts";
import { searchQuery, searchView } from "./search.ts";
import { stagingsView } from "./stagings.ts";

/** Entries that are named where the wanted one is unknown. */
const SIMILAR = 5;
const noWaits: ReadonlyMap<string, string> = new Map();

/** Adds the pages that people look at. They change nothing. */
export function addPages(app: Hono, context: PageContext): void {
  const { settings } = context;
  const decoding = createDecoding();
  const entryPage = createEntryPage(context, decoding);
  addAssets(app);
  app.get("/", (c) => show(context, c, (now) => datasetsPage(context, c, now)));
  app.get("/datasets/:vendor/:dataset/:version", (c) => {
    const { vendor, dataset, version } = c.req.param();
    return show(context, c, (now) => filesPage(context, c, `${vendor}/${dataset}/${version}`, now));
  });
  app.get("/entry", (c) => show(context, c, (now) => entryPage(c, now)));
  app.get("/sample", (c) =>
    answering(context, c, async () => {
      const entry = await entryIn(context, queryOf(c.req.url, sampleQuery));
      const { file, name } = await openSampleOf(settings, entry);
      return downloadOf(file, name, c.req.method === "HEAD");
    }),
  );
  app.get("/search", (c) =>
    showGrowing(context, c, async () => {
      const query = queryOf(c.req.url, searchQuery);
      return searchView(context, decoding, query);
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

async function datasetsPage(context: PageContext, c: Context, now: number): Promise<View> {
  const query = queryOf(c.req.url, datasetsQuery);
  const report = await reportOrError(context);
  const status = report instanceof Error ? undefined : report;
  const waits = status === undefined ? noWaits : waitsIn(status, context.state()?.paused ?? []);
  const answer = firstAnswer(wellnessOf(context, report, now), status, waits);
  const list = status === undefined ? html`` : datasetsView(status, waits, query);
  return {
    title: undefined,
    part: "datasets",
    isRefreshed: true,
    body: html`${answer}${strip(context, report, now)}${list}`,
  };
}

async function filesPage(
  context: PageContext,
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
    isRefreshed: true,
    body: await filesView(context, status, query, now),
  };
}

/** Creates the page of an entry. */
function createEntryPage(
  context: PageContext,
  { inTurn, viewInThread }: Decoding,
): (c: Context, now: number) => Promise<View> {
  const { settings } = context;
  return async (c, now) => {
    const query = queryOf(c.req.url, entryQuery);
    const from = numberIn(query, "from", { least: 0, most: MAX_COLUMNS }) ?? 0;
    const list = listIn(query);
    const entry = await entryIn(context, query);
    const { dataset, raw } = entry;
    const inList = { dataset, raw, outcome: list.list, search: list.search };
    const neighbours = await (await context.store()).queries.neighbours(inList);
    const facts = await inTurn(() => entryFacts({ settings, viewInThread }, entry, now));
    return {
      title: fileName(raw),
      part: "datasets",
      crumbs: [
        { text: "Datasets", href: "/" },
        {
          text: dataset,
          href: datasetAddress(dataset, { outcome: list.list, search: list.search }),
        },
        { text: raw },
      ],
      notices: await waitsOf(context, dataset),
      isRefreshed: entry.waiting,
      body: entryView({ ...facts, from, list, neighbours }),
    };
  };
}

async function failuresPage(context: PageContext, c: Context, now: number): Promise<View> {
  const query = queryOf(c.req.url, failuresQuery);
  const body = await failuresView(context, await context.report(), query, now);
  return { title: "Failures", part: "failures", isRefreshed: true, body };
}

/** The page of stagings; the code that knows regions is loaded with the first look at it. */
async function stagingsPage({ settings }: PageContext, now: number): Promise<View> {
  const { readOverview } = await import("./read-overview.ts");
  const body = stagingsView(await readOverview(settings), now);
  return { title: "Stagings", part: "stagings", isRefreshed: true, body };
}

/** The waits of a dataset: the daemon's word goes before the cache's memory. */
async function waitsOf(context: PageContext, dataset: string): Promise<Notice[]> {
  const wait = (context.state()?.paused ?? []).find((each) => each.dataset === dataset);
  const row = (await context.report()).datasets.find((each) => each.dataset === dataset);
  const text = wait === undefined ? row?.waitsFor : `${wait.code}: ${wait.message}`;
  return typeof text === "string" ? [{ kind: "wait", title: "This dataset waits:", text }] : [];
}

/** The entry that a request names. @throws BadRequest, NoPage */
async function entryIn(context: PageContext, query: Query): Promise<WholeEntry> {
  const [dataset, raw] = [required(query, "dataset"), required(query, "raw")];
  const { queries } = await context.store();
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
