import { expect, test } from "vitest";
import { encoded } from "../../src/http/pages/query.ts";
import { createWorld, DATASET } from "../helpers/world.ts";
import { addManyReceipts, addRows } from "./page-rows.ts";
import { servePages } from "./page-server.ts";
import { fetchOnce } from "../helpers/fetch-once.ts";

/** Entries of one dataset. The long run has 1,000,000. */
const COUNT = Number(process.env["PAGE_ROWS"] ?? 100_000);
/** Entries on a page. */
const PER_PAGE = 50;

test(`${COUNT} entries are paged through and searched: every one is shown once, the newest first`, async () => {
  await using world = await createWorld();
  const until = Date.now();
  addRows(world.db(), { dataset: DATASET, count: COUNT, until });
  addManyReceipts(world.path("samples"), { count: COUNT, until });
  await using server = await servePages(world.settings());
  const base = `/datasets/${DATASET}`;

  /** The raws on a page, and where the next one is. */
  async function pageAt(path: string): Promise<{ raws: string[]; next: string | undefined }> {
    const begun = performance.now();
    const response = await fetchOnce(server.url + path);
    const ms = performance.now() - begun;
    const html = (await response.text()).replaceAll("&amp;", "&");
    expect([path, response.status]).toEqual([path, 200]);
    times.set(path, ms);
    const raws = [...html.matchAll(/\/entry\?dataset=[^&]*&raw=([^"&]*)[^"]*"/g)].map(
      ([, raw = ""]) => raw,
    );
    return { raws, next: /href="([^"]*)"\s+rel="next"/.exec(html)?.[1] };
  }
  const times = new Map<string, number>();
  const rawOf = (i: number) => `raw/env${i % 7}/part-${String(i).padStart(8, "0")}.csv`;

  /** Every entry from a page on, as the links lead. */
  async function walk(path: string): Promise<string[]> {
    const seen: string[] = [];
    for (let at: string | undefined = path; at !== undefined;) {
      const { raws, next } = await pageAt(at);
      seen.push(...raws);
      at = next;
    }
    return seen;
  }

  const first = await pageAt(base);
  const newest = Array.from({ length: PER_PAGE }, (_, i) => rawOf(COUNT - 1 - i));
  expect(first.raws).toEqual(newest);
  const second = await pageAt(first.next ?? "");
  expect(second.raws[0]).toBe(rawOf(COUNT - 1 - PER_PAGE));

  // One in a hundred was pruned: to walk through these is to walk through all times.
  const pruned = await walk(`${base}?outcome=pruned`);
  const isPruned = (i: number) => i % 100 === 2;
  const wanted = Array.from({ length: COUNT }, (_, i) => COUNT - 1 - i).filter(isPruned);
  expect(pruned).toEqual(wanted.map(rawOf));
  const waiting = await walk(`${base}?outcome=waiting`);
  expect(new Set(waiting).size).toBe(Math.ceil((COUNT - 1) / 1000));

  const middle = COUNT / 2;
  expect(
    (await pageAt(`${base}?after=${until - middle}.0.${encoded(rawOf(middle))}`)).raws[0],
  ).toBe(rawOf(middle - 1));
  expect(await walk(`${base}?search=PART-${String(middle).padStart(8, "0")}`)).toEqual([
    rawOf(middle),
  ]);
  expect(await walk(`${base}?search=nothing-like-it&outcome=sampled`)).toEqual([]);

  const entry = await fetchOnce(`${server.url}/entry?dataset=${DATASET}&raw=${rawOf(middle)}`);
  const html = await entry.text();
  expect(html).toContain("<code>sample.rows</code>");
  const beside = [...html.replaceAll("&amp;", "&").matchAll(/&raw=([^"&]*)" rel="(prev|next)"/g)];
  expect(beside.map(([, raw, rel]) => [rel, raw])).toEqual([
    ["prev", rawOf(middle + 1)],
    ["next", rawOf(middle - 1)],
  ]);
  const last = await pageAt(`/entry?dataset=${DATASET}&raw=${rawOf(2)}&list=pruned`);
  expect(last.raws).toEqual([rawOf(102)]);
  expect((await fetchOnce(`${server.url}/failures`)).status).toBe(200);
  const slowest = [...times].toSorted(([, a], [, b]) => b - a).slice(0, 3);
  const list = slowest.map(([path, ms]) => `${ms.toFixed(0)} ms ${path}`).join("\n  ");
  console.log(`${COUNT} entries, ${times.size} pages; the slowest first bytes:\n  ${list}`);
});
