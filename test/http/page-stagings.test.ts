import { writeFile } from "node:fs/promises";
import { expect, onTestFinished, test } from "vitest";
import type { StagingDocument } from "../../src/regions/document.ts";
import { openStaging } from "../../src/store/open.ts";
import { stagingDocument } from "../regions/staging-document.ts";
import { createWorld, type World } from "../helpers/world.ts";
import { servePages } from "./page-server.ts";
import { fetchOnce } from "../helpers/fetch-once.ts";

const DAY_MS = 86_400_000;
const endpoints = { one: { url: "http://127.0.0.1:1/", region: "us-east-1" } };
const regions = { east: { endpoint: "one" }, west: { endpoint: "one", bucket: "bucket-w" } };

/** A lake with regions, and what its pages say. */
async function worldWithRegions(config: object = { endpoints, regions }) {
  const world = await createWorld(config);
  onTestFinished(() => world[Symbol.asyncDispose]());
  const server = await servePages(world.settings());
  onTestFinished(() => server[Symbol.asyncDispose]());
  const get = async (path: string) => {
    const response = await fetchOnce(server.url + path, { headers: { Accept: "text/html" } });
    return { status: response.status, html: await response.text() };
  };
  return { world, get, failures: server.failures };
}

async function note(world: World, name: string, documents: readonly StagingDocument[]) {
  const store = openStaging(world.settings().state);
  const changed = documents.map((document) => ({
    key: `${document.staging_id}/_staging.json`,
    etag: "1",
    text: JSON.stringify({ ...document, region: name }),
    problem: undefined,
    uses: { "2026-11-30": 2 },
  }));
  const read = { name, readAt: Date.now() - 7_200_000, tookMs: 1, gone: [] };
  const problem = name === "west" ? "connect <b>ECONNREFUSED</b>" : undefined;
  await store.documents.note({ ...read, problem, changed });
  await store.close();
}

test("the page of stagings says what is wrong, what to do, what is left of the time, and what it cost", async () => {
  const { world, get } = await worldWithRegions();
  const expires_at = new Date(Date.now() + 5 * DAY_MS + 1000).toISOString();
  const completed_at = new Date(Date.now() - 30 * DAY_MS).toISOString();
  const good = stagingDocument({
    filename: "<script>alert(1)</script>",
    size_bytes: 100 * 2 ** 30,
    regions: ["east"],
    completed_at,
    expires_at,
    sweep_id: "genomes",
  });
  const over = { ...good, staging_id: "stage-b00000000000", expires_at: completed_at };
  const failed = {
    ...good,
    staging_id: "stage-c00000000000",
    state: "failed",
    reason: "FORBIDDEN: s3://bucket-w/: no",
    completed_at: null,
  } as const;
  await note(world, "east", [good, over, failed]);
  await note(world, "west", []);
  const { status, html } = await get("/stagings");
  expect(status).toBe(200);
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
  expect(html).not.toMatch(/<script>alert|<b>ECONN/);
  expect(html).toMatch(/3 of\s+3 stagings/);
  expect(html).toMatch(/in 5 d<\/time>/);
  expect(html).toContain('<span class="failed">over</span>');
  expect(html).toContain("genomes");
  expect(html).toMatch(/FORBIDDEN: s3:\/\/bucket-w\/: no<\/bdi>\. \S+/);
  expect(html).toMatch(/east<\/bdi>, read <time[^>]*>2 h ago/);
  expect(html).toMatch(/connect &lt;b&gt;ECONNREFUSED/);
  // 100 GB for a month at 0.026, the dearest of ours.
  expect(html).toMatch(/<td class="n"[^>]*>2\.6<\/td>/);
  expect(html).toMatch(/cost 5\.2 USD/);
});

test("a machine that never looked says how to look; without regions no link leads there", async () => {
  const { get } = await worldWithRegions();
  expect((await get("/stagings")).html).toMatch(/stage list<\/code> reads them/);
  expect((await get("/")).html).toContain('href="/stagings"');
  const other = await worldWithRegions({});
  expect((await other.get("/")).html).not.toContain('href="/stagings"');
});

test("prices that are not valid are told as such", async () => {
  const { world, get, failures } = await worldWithRegions({
    endpoints,
    regions,
    staging: { prices: "mine.yaml" },
  });
  await note(world, "east", []);
  await writeFile(`${world.root}/mine.yaml`, "asOf: never");
  const { status, html } = await get("/stagings");
  expect([status, failures]).toEqual([503, []]);
  expect(html).toContain("The configuration has a mistake");
});
