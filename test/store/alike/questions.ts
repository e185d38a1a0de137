import type { Queries } from "../../../src/store/queries.ts";
import type { BrowseOptions, BrowsePage, ListFilter } from "../../../src/store/rows.ts";
import type { Store } from "../../../src/store/store.ts";
import { allOf } from "../../helpers/all-of.ts";
import { DATASETS, RAWS } from "./lake.ts";

/** A question, and how it is asked; `now` is ms since epoch. */
type Question = readonly [string, (queries: Queries, now: number) => Promise<unknown>];

const OUTCOMES = ["sampled", "described", "failed", "pruned", "waiting"] as const;
const LISTS = [undefined, ...OUTCOMES] as const;
const SEARCHES = [undefined, "É", "A."] as const;
const CODES = ["TIMEOUT", "FILE_MISSING", "FORMAT_INVALID"] as const;
const everything = { hasDataset: () => true, hasRaw: () => true };

/** Conditions of lists, each by itself and some together. */
const FILTERS: readonly ListFilter[] = [
  {},
  ...OUTCOMES.map((outcome) => ({ outcome })),
  { validation: "failed" },
  { validation: "warned" },
  { code: "TIMEOUT" },
  { since: 1_700_000_001_000 },
  { outcome: "sampled", since: 1_700_000_001_000 },
  { hasRaw: (raw) => raw.includes("a") },
  { hasFormat: (format) => format === "csv" },
  { hasDataset: (dataset) => dataset.startsWith("acme"), hasRaw: (raw) => raw.endsWith("csv") },
];

const questions: readonly Question[] = [
  ["datasets", (q) => q.datasets()],
  ["totals", (q, now) => q.totals(now)],
  ["totals later", (q, now) => q.totals(now + 3_600_000)],
  ["backlog", (q, now) => q.backlog(now, (dataset) => dataset !== DATASETS[1])],
  ["failuresByCode", (q) => q.failuresByCode()],
  ["newestLines", (q) => q.newestLines(3)],
  ["rejectedLines", (q) => allOf(q.rejectedLines(everything))],
  ["formats", (q) => q.formats()],
  ...CODES.map((code): Question => [code, (q) => allOf(q.failedEntries({ ...everything, code }))]),
  ["failedEntries", (q) => allOf(q.failedEntries({ ...everything, withPruned: true }))],
  ["newestFailures", newestFailures],
  ...DATASETS.flatMap((dataset) => ofDataset(dataset)),
  ...RAWS.filter((_, i) => i % 3 === 0).flatMap((raw) => ofRaw(raw)),
  ...["É", "A.", "_", "%", "\\", "", "sub/a"].map((text): Question => {
    const part = { text, datasets: DATASETS, count: 5 };
    return [`rawsContaining ${text}`, (q) => q.rawsContaining(part)];
  }),
];

/** All answers of a store, by the question. Lists come one after the other: SQLite filters them so. */
export async function answers(store: Store, now: number): Promise<Record<string, unknown>> {
  const answer = async ([name, ask]: Question) => [name, await ask(store.queries, now)] as const;
  const all = await Promise.all(questions.map(answer));
  for (const list of FILTERS.flatMap(entries)) all.push(await answer(list));
  return Object.fromEntries(all);
}

async function newestFailures(queries: Queries, now: number): Promise<unknown> {
  const totals = await queries.totals(now);
  const found = [1, 20].map((count) => queries.newestFailures(totals, { codes: CODES, count }));
  return Promise.all(found);
}

function entries(filter: ListFilter): readonly Question[] {
  return [undefined, 3].flatMap((limit) =>
    [false, true].map((isNewestFirst): Question => {
      const wanted = { ...filter, isNewestFirst, ...(limit === undefined ? {} : { limit }) };
      const name = Object.entries(wanted).map(([key, value]) => `${key}: ${String(value)}`);
      return [`entries ${name.join(", ")}`, (q) => allOf(q.entries(wanted))];
    }),
  );
}

function ofDataset(dataset: string): readonly Question[] {
  return [
    [`checkpoints ${dataset}`, (q) => q.checkpoints(dataset)],
    [`countsByCode ${dataset}`, (q) => q.countsByCode(dataset)],
    [`newestLines ${dataset}`, (q) => q.newestLines(3, dataset)],
    [`acknowledgedLines ${dataset}`, (q) => q.acknowledgedLines(dataset)],
    [`recordedSamples ${dataset}`, (q) => recorded(q, dataset)],
    [`missingOf ${dataset}`, (q) => q.missingOf(dataset, [...RAWS, "raw/no", "raw/no"])],
    [`orphansAmong ${dataset}`, (q) => orphans(q, dataset)],
    ...LISTS.flatMap((outcome) =>
      SEARCHES.map((search): Question => {
        const list = {
          dataset,
          ...(outcome === undefined ? {} : { outcome }),
          ...(search === undefined ? {} : { search }),
        };
        return [`browse ${dataset} ${outcome} ${search}`, (q) => browsed(q, list)];
      }),
    ),
  ];
}

/** All pages of a list, and what lies beside the entries of the first. */
async function browsed(
  queries: Queries,
  list: Omit<BrowseOptions, "limit" | "after">,
): Promise<unknown> {
  const pages: BrowsePage[] = [];
  for (let after: BrowseOptions["after"] | null; after !== null;) {
    const from = after === undefined ? {} : { after };
    const page: BrowsePage = await queries.browse({ ...list, ...from, limit: 3 });
    pages.push(page);
    after = page.next;
  }
  const raws = pages[0]?.entries.map(({ raw }) => raw) ?? [];
  return [pages, await Promise.all(raws.map((raw) => queries.neighbours({ ...list, raw })))];
}

async function recorded(queries: Queries, dataset: string): Promise<unknown> {
  const first = await queries.recordedSamples(dataset, null, 4);
  return [first, await queries.recordedSamples(dataset, first.at(-1)?.raw ?? "raw", 4)];
}

async function orphans(queries: Queries, dataset: string): Promise<unknown> {
  const samples = (await allOf(queries.entries({}))).map(({ sample }) => sample?.slice(8) ?? "no");
  return queries.orphansAmong(dataset, [...samples, "a_sample.csv", "a_sample.bin"]);
}

function ofRaw(raw: string): readonly Question[] {
  const near = [raw, raw.slice(0, -1), raw.slice(0, 5), raw.split("/").at(-1) as string];
  return [
    [`entriesOf ${raw}`, (q) => q.entriesOf(raw)],
    [`entriesOf ${raw} there`, (q) => q.entriesOf(raw, DATASETS[1])],
    [`rawsOfBronze ${raw}`, (q) => q.rawsOfBronze(bronzeOf(raw))],
    [`rawsOfSample ${raw}`, (q) => rawsOfSample(q, raw)],
    ...near.flatMap((text): readonly Question[] => {
      const misspelt = { raw: text, count: 3 };
      const there = { ...misspelt, dataset: DATASETS[0] };
      return [
        [`nearRaws ${text}`, (q) => q.nearRaws(misspelt)],
        [`rawsEnding ${text}`, (q) => q.rawsEnding(there)],
        [`rawsBeginning ${text}`, (q) => q.rawsBeginning(misspelt)],
      ];
    }),
  ];
}

function bronzeOf(raw: string): Parameters<Queries["rawsOfBronze"]>[0] {
  return { dataset: undefined, paths: [`bronze/${raw}`, `https://host/5?…`] };
}

async function rawsOfSample(queries: Queries, raw: string): Promise<unknown> {
  const names = (await queries.entriesOf(raw)).map(({ sample }) => sample?.slice(8) ?? "no");
  return Promise.all(names.map((name) => queries.rawsOfSample(name)));
}
