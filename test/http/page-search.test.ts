import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
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
  expect(raws).toEqual(["raw/bonn.csv", "raw/bonn.csv", "raw/towns.csv"]);
  expect(html).toMatch(/Found: 1 file, 1 column, 1 value\.<\/p>[^]*<\/html>/);
  expect(html).toContain("Bonn &lt;b&gt;");
  expect((await searching(world, "berlin")).html).toContain("Nothing has");
  expect((await searching(world, "")).html).toContain('name="q"');
  await rm(world.path("samples/towns_sample.csv"));
  expect((await searching(world, "bonn")).html).toContain("1 sample could not be looked at");
});

test("an error in the middle of a search stands below what was found, and ends the page", async () => {
  await using world = await createWorld();
  await world.put("bonn.csv", "id,town\n1,Bonn\n");
  await world.pass();
  world.close();
  await writeFile(join(world.state, "search.db"), "no database ".repeat(100));
  const { html } = await searching(world, "bonn");
  expect(html).toMatch(/name="q"[^]*role="alert"[^]*cannot use the index [^]*<footer[^]*<\/html>/);
});

test("one who only asks for the head gets no search, and neither does one without a text", async () => {
  await using world = await createWorld();
  await world.put("bonn.csv", "id,town\n1,Bonn\n");
  await world.pass();
  world.close();
  await writeFile(join(world.state, "search.db"), "no database ".repeat(100));
  await using server = await servePages(world.settings());
  const head = await fetchOnce(`${server.url}/search?q=bonn`, { method: "HEAD" });
  expect([head.status, await head.text()]).toEqual([200, ""]);
  const empty = await (await fetchOnce(`${server.url}/search?q=`)).text();
  expect(empty).not.toContain("cannot use the index");
});
