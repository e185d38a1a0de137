import { expect, test } from "vitest";
import { fetchOnce } from "../helpers/fetch-once.ts";
import { DATASET } from "../helpers/world.ts";
import { ordinaryLake } from "./page-lake.ts";
import { linksIn, textOf } from "./page-text.ts";
import { servePages } from "./page-server.ts";

/** The title, the answer at the top, and its links. */
async function answerAt(url: string) {
  const html = await (await fetchOnce(url)).text();
  const [answer = ""] = /<section class="answer[\s\S]*?<\/section>/.exec(html) ?? [];
  const title = /<title>([^<]*)<\/title>/.exec(html)?.[1];
  const heading = textOf(/<h1[\s\S]*?<\/h1>/.exec(answer)?.[0] ?? "").trim();
  return { title, heading, text: textOf(answer), links: linksIn(answer) };
}

test("the start page says first that all is well, or what is wrong and where, and the tab counts it", async () => {
  await using world = await ordinaryLake();
  await using server = await servePages(world.settings());
  expect(await answerAt(server.url)).toMatchObject({
    title: "Staging Sampler",
    heading: "All is well.",
    links: ["/"],
  });

  const broken = "other/feeds/v1";
  await world.put("b.zip", "no zip at all", { dataset: broken });
  await world.announce("c.csv", { dataset: DATASET });
  await world.manifest("no JSON\n", broken);
  await world.pass();
  await using later = await servePages(world.settings());
  const found = await answerAt(later.url);
  expect(found.title).toBe("(3) Staging Sampler");
  expect(found.heading).toBe("2 files failed, 1 bad manifest line.");
  expect(found.text).toContain("FILE_MISSING 1 file : The manifest names a bronze file");
  expect(found.text).toMatch(/Failed in .*acme\/orders\/v1 \(1\), other\/feeds\/v1 \(1\)/);
  expect(found.links).toEqual(
    expect.arrayContaining([
      "/failures?code=FORMAT_INVALID",
      "/failures?code=LINE_INVALID",
      `/failures?dataset=${broken}&code=LINE_INVALID`,
      `/datasets/${DATASET}?outcome=failed`,
      `/entry?dataset=${broken}&raw=raw/b.zip&list=failed`,
    ]),
  );
  for (const link of found.links) {
    const { status } = await fetchOnce(later.url + link);
    expect([link, status]).toEqual([link, 200]);
  }
  expect((await answerAt(`${later.url}/failures`)).title).toBe("(3) Failures · Staging Sampler");

  world
    .db()
    .exec("UPDATE files SET acknowledged = settled_at, next_at = NULL WHERE outcome = 'failed'");
  world.db().exec("UPDATE rejected SET acknowledged_at = 1");
  await using seen = await servePages(world.settings());
  expect(await answerAt(seen.url)).toMatchObject({ title: "Staging Sampler" });
});

test("the start page names the datasets that are behind or wait", async () => {
  await using world = await ordinaryLake();
  world.db().exec("UPDATE files SET next_at = 1000");
  await using server = await servePages(world.settings());
  expect(await answerAt(server.url)).toMatchObject({
    heading: "1 dataset behind.",
    text: expect.stringContaining(`${DATASET} is behind, 1 file due, the oldest for `),
    links: ["/", `/datasets/${DATASET}?outcome=waiting`],
  });
  const waits = {
    dataset: DATASET,
    code: "OUTPUT_FULL",
    message: "make <b>room</b>",
    at: 1,
  } as const;
  server.tell({ paused: [waits] });
  expect((await answerAt(server.url)).text).toContain("OUTPUT_FULL: make <b>room</b>");
});
