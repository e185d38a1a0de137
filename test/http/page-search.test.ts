import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { fetchOnce } from "../helpers/fetch-once.ts";
import { createWorld, type World } from "../helpers/world.ts";
import { servePages } from "./page-server.ts";

/** The page of a search, and the paths of the entries that it links to. */
async function searching(world: World, text: string) {
  world.close();
  await using server = await servePages(world.settings());
  const url = `${server.url}/search?q=${encodeURIComponent(text)}`;
  const response = await fetchOnce(url, { headers: { Accept: "text/html" } });
  const html = await response.text();
  const links = [...html.matchAll(/\/entry\?dataset=[^&]*&amp;raw=([^"]*)"/g)];
  expect(server.failures).toEqual([]);
  return { html, raws: links.map(([, raw = ""]) => decodeURIComponent(raw)) };
}

test("the page of a search links to files, columns and values", async () => {
  await using world = await createWorld();
  await world.put("towns.csv", "id,town\n1,Bonn <b>\n");
  await world.put("bonn.csv", "id,Bonn\n1,x\n");
  await world.pass();
  const { html, raws } = await searching(world, "bonn");
  expect(raws).toEqual(["raw/towns.csv", "raw/bonn.csv", "raw/bonn.csv"]);
  expect(html).toContain("Bonn &lt;b&gt;");
  expect((await searching(world, "berlin")).html).toContain("Nothing has");
  expect((await searching(world, "")).html).toContain('name="q"');
  await rm(world.path("samples/towns_sample.csv"));
  expect((await searching(world, "bonn")).html).toContain("1 sample could not be looked at");
});
