import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { takeLock } from "../../src/store/sqlite/lock.ts";
import { shown } from "../../src/http/pages/text.ts";
import { encoded } from "../../src/http/pages/query.ts";
import { createWorld, DATASET, type World } from "../helpers/world.ts";
import { audited, launch, type Look, watch, whyNoBrowser } from "./page-browser.ts";
import {
  fillHostileLake,
  fillPageLake,
  HOSTILE,
  hostileCells,
  hostileNames,
  ORDINARY,
} from "./page-lake.ts";
import { type PageServer, servePages } from "./page-server.ts";

/** Set to a directory, pictures of the views are put there. */
const pictures = process.env["PAGE_PICTURES"];

const isHere = whyNoBrowser === undefined;
if (!isHere) console.log(`left out: ${whyNoBrowser}`);

/** In the page: all that can have the focus, but for what is in details that are closed. */
const REACHABLE = `[...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,summary,[tabindex='0']")].filter((one) => one.checkVisibility())`;

/** Widths and themes in which every view is looked at. */
const looks = [
  [1440, "light"],
  [1440, "dark"],
  [820, "dark"],
  [390, "light"],
  [390, "dark"],
] as const;

const hostilePath = `/datasets/${HOSTILE.split("/").map(encodeURIComponent).join("/")}`;
const views: Readonly<Record<string, string>> = {
  datasets: "/",
  files: `/datasets/${DATASET}`,
  failed: "/datasets/globex/clicks/v1?outcome=failed",
  waiting: "/datasets/globex/clicks/v1?outcome=waiting&search=part",
  entry: entryPath(ORDINARY),
  stale: entryPath("raw/notes.txt"),
  nested: entryPath("raw/everything.avro"),
  parquet: entryPath("raw/all-types.parquet"),
  wide: entryPath("raw/wide.csv"),
  metadata: entryPath("raw/model.bin"),
  broken: entryPath("raw/broken.zip", "umbrella/sensors/v1"),
  failures: "/failures",
  search: "/search?q=row",
  "nothing found": "/search?q=zzzz",
  "bad address": "/?page=x",
  "no such page": "/no/such/page",
  "hostile names": hostilePath,
  "hostile cells": entryPath("raw/cells.csv", HOSTILE),
};
let world: World;
let server: PageServer;
let browser: Browser;

beforeAll(async () => {
  if (!isHere) return;
  world = await createWorld();
  await fillHostileLake(world);
  server = await servePages(world.settings());
  browser = await launch();
});

afterAll(async () => {
  if (!isHere) return;
  await browser.close();
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function entryPath(raw: string, dataset = DATASET): string {
  return `/entry?dataset=${encoded(dataset)}&raw=${encoded(raw)}`;
}

test.runIf(isHere)(
  "every view can be read by everyone: light and dark, wide and narrow, with a script or without",
  async () => {
    await using watched = await watch(browser, server.url, { scheme: "light", width: 1280 });
    const look = { scheme: "dark", width: 360, script: false } as const;
    await using plain = await watch(browser, server.url, look);
    const { page, wrong } = watched;
    for (const [name, path] of Object.entries(views)) {
      await page.goto(server.url + path);
      for (const [width, colorScheme] of looks) {
        await page.setViewportSize({ width, height: 800 });
        await page.emulateMedia({ colorScheme });
        const said = [name, width, colorScheme];
        expect([...said, await audited(page)]).toEqual([...said, []]);
      }
      expect([name, wrong]).toEqual([name, []]);
      await plain.page.goto(server.url + path);
      expect([name, await audited(plain.page), plain.wrong]).toEqual([name, [], []]);
    }
    await page.goto(server.url + views["entry"]);
    await page.emulateMedia({ media: "print" });
    expect(await audited(page)).toEqual([]);
    expect(await page.evaluate("document.getAnimations().length")).toBe(0);
  },
);

test.runIf(isHere)("the line that reads a file is copied by a button, exactly", async () => {
  await using watched = await watch(browser, server.url, { scheme: "light", width: 1280 });
  const { page, wrong } = watched;
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(server.url + views["entry"]);
  const line = page.locator(".copyable", { hasText: "read_csv" }).first();
  await line.locator("button").click();
  await line.locator("button", { hasText: /^Copied$/ }).waitFor();
  const copied = await page.evaluate("navigator.clipboard.readText()");
  expect(copied).toBe(await line.locator("code").textContent());
  expect(wrong).toEqual([]);
});

test.runIf(isHere)(
  "hostile names and cells are shown as they are, and nothing in them runs",
  async () => {
    await using watched = await watch(browser, server.url, { scheme: "light", width: 1280 });
    const { page, wrong } = watched;
    await page.goto(server.url + hostilePath);
    const names = await page.locator("tbody th .path").allTextContents();
    for (const name of hostileNames) expect(names).toContain(shown(`raw/${name}`));
    for (const name of hostileNames) {
      await page.goto(server.url + entryPath(`raw/${name}`, HOSTILE));
      expect(await page.locator("h1").textContent()).toBe(shown(name).replace(/.*\//, ""));
      await page.mouse.move(200, 120);
    }
    await page.goto(server.url + entryPath("raw/cells.csv", HOSTILE));
    const cells = await page.locator(".cells td").allTextContents();
    for (const [i, cell] of hostileCells.entries()) {
      expect(cells[i]?.replace(/…$/, "")).toBe(
        shown(cell).slice(0, (cells[i]?.length ?? 1) - (cell.length > 250 ? 1 : 0)),
      );
    }
    expect(Math.max(...cells.map(({ length }) => length))).toBeLessThan(400);
    expect((await page.content()).length).toBeLessThan(40_000);
    for (const selector of [".cells img", ".cells svg", ".cells iframe", ".cells form"]) {
      expect(await page.locator(selector).count()).toBe(0);
    }
    expect(await page.evaluate("window.harmed")).toBeUndefined();
    expect(wrong).toEqual([]);
  },
);

test.runIf(isHere)(
  "a direction that is turned around in a name turns nothing around outside of it",
  async () => {
    await using watched = await watch(browser, server.url, { scheme: "light", width: 1280 });
    const { page } = watched;
    await page.goto(server.url + hostilePath);
    const directions = await page.evaluate(
      `[...document.querySelectorAll("bdi")].map((each) => getComputedStyle(each).unicodeBidi)`,
    );
    expect(new Set(directions as string[])).toEqual(new Set(["isolate"]));
    expect(await page.content()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
  },
);

test.runIf(isHere)(
  "of 2,000 columns sixty are shown at a time; the names of all lead to the others",
  async () => {
    await using watched = await watch(browser, server.url, { scheme: "light", width: 360 });
    const { page, wrong } = watched;
    await page.goto(server.url + views["wide"]);
    expect(await page.locator("thead th").count()).toBeLessThan(130);
    expect(await page.locator(".note").first().textContent()).toMatch(
      /columns 1 to 60 of 2,000 columns/,
    );
    await page.getByText("Names of all 2,000 columns").click();
    await page.getByRole("link", { name: "column_40", exact: true }).click();
    await expect.poll(() => seenAt(page, "#c1-41")).toBe(true);
    expect(page.url()).not.toContain("from");
    await page.getByRole("link", { name: "column_1999", exact: true }).click();
    await page.waitForURL(/from=1980/);
    await expect.poll(() => seenAt(page, "#c1-2000")).toBe(true);
    expect(await page.locator("#c1-2000").textContent()).toContain("column_1999");
    const cells = await page.locator(".cells").first().locator("td").allTextContents();
    expect(cells.at(-1)).toBe("1999");
    expect(await audited(page)).toEqual([]);
    expect(wrong).toEqual([]);
  },
);

test.runIf(isHere)(
  "a table of a sample scrolls with the page; its heading and first column stay in sight",
  async () => {
    await using watched = await watch(browser, server.url, { scheme: "light", width: 700 });
    const { page } = watched;
    await page.goto(server.url + views["entry"]);
    const region = page.locator(".scroll").first();
    const [inner, outer] = await region.evaluate((each) => [each.scrollHeight, each.clientHeight]);
    expect(inner).toBeLessThanOrEqual((outer ?? 0) + 1);
    await page.evaluate("scrollTo(0, 1500)");
    const top = "document.querySelector('.cells thead th').getBoundingClientRect().top";
    await expect.poll(() => page.evaluate(top)).toBe(0);
    await page.goto(server.url + views["wide"]);
    await region.evaluate((each) => each.scrollTo(1000, 0));
    for (const selector of [".cells tbody th", ".cells tbody td"]) {
      await expect.poll(() => seenAt(page, selector)).toBe(true);
    }
    expect(await page.evaluate("document.documentElement.scrollLeft")).toBe(0);
  },
);

/** True while the first element that a selector finds is inside of the window. */
function seenAt(page: Page, selector: string): Promise<boolean> {
  return page.evaluate(`(() => {
    const { left, right, top, bottom } = document.querySelector("${selector}").getBoundingClientRect();
    return left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
  })()`);
}

test.runIf(isHere)(
  "keys alone reach everything, in order, and what they are at is to be seen",
  async () => {
    await using watched = await watch(browser, server.url, { scheme: "light", width: 360 });
    const { page } = watched;
    for (const path of [views["datasets"], views["entry"], views["failures"]]) {
      await page.goto(server.url + path);
      const wanted = await page.evaluate(`${REACHABLE}.length`);
      await page.keyboard.press("Tab");
      expect(await atFocus(page)).toMatchObject({ text: "Skip to the content", isSeen: true });
      for (let i = 1; i < Number(wanted); i += 1) {
        await page.keyboard.press("Tab");
        const focus = await atFocus(page);
        expect(focus, `${path} ${i} of ${String(wanted)}`).toMatchObject({ at: i, isSeen: true });
      }
    }
    await page.goto(server.url + views["wide"]);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    const region = page.locator(".scroll").first();
    await region.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.evaluate("document.activeElement.scrollLeft")).toBeGreaterThan(0);
  },
);

/**
 * The element that has the focus: its place among all that can have it, its text, and whether it
 * can be seen.
 */
function atFocus(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const all = ${REACHABLE};
    const element = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    const isInside = right > 0 && left < innerWidth && bottom > 0 && top < innerHeight;
    return { at: all.indexOf(element), text: element.textContent, isSeen: isOutlined && isInside };
  })()`);
}

test.runIf(isHere).each([true, false])(
  "to find a file takes a name, a click and a click more, with a script or without: %s",
  async (script) => {
    const look = { scheme: "light", width: 1280, script } as const;
    await using watched = await watch(browser, server.url, look);
    const { page, wrong } = watched;
    await page.goto(server.url);
    await page.getByLabel("Name contains").fill("ORDERS");
    await page.getByRole("button", { name: "Filter" }).click();
    const list = page.getByRole("region", { name: "Datasets" });
    await list.getByRole("link", { name: DATASET }).click();
    await page.getByRole("link", { name: "Older" }).click();
    expect(new URL(page.url()).searchParams.has("after")).toBe(true);
    await page.getByRole("link", { name: "Newest" }).click();
    await page.getByRole("navigation", { name: "Outcomes" }).getByText("Sampled").click();
    await page.getByLabel("Path contains").fill("PART-000");
    await page.getByRole("button", { name: "Search" }).click();
    expect(new URL(page.url()).searchParams.get("outcome")).toBe("sampled");
    await page.getByRole("link", { name: ORDINARY }).click();
    expect(await page.locator("h1").textContent()).toBe("part-0002.csv");
    const beside = page.getByRole("navigation", { name: "Files before and after" });
    expect(await beside.textContent()).toContain("of the sampled files with “PART-000”");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "Download the sample" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("part-0002_sample.csv");
    await page.getByRole("navigation", { name: "Parts" }).getByText("Failures").click();
    await page.getByLabel("Code", { exact: true }).selectOption("FORMAT_INVALID");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("link", { name: "raw/broken.zip" }).click();
    expect(await page.locator(".notice.bad").last().textContent()).toContain("not a whole zip");
    expect(wrong).toEqual([]);
  },
);

test.runIf(isHere)(
  "the strip tells what the daemon does now, and says so when nobody answers",
  async () => {
    await using lake = await createWorld();
    await lake.put("a.csv", "a\n1\n");
    await lake.pass();
    const pages = await servePages(lake.settings());
    await using watched = await watch(browser, pages.url, { scheme: "light", width: 1280 });
    const { page, wrong } = watched;
    await page.clock.install();
    await page.goto(pages.url);
    await page.getByLabel("Name contains").focus();
    const strip = page.getByRole("region", { name: "The daemon" });
    const lost = page.getByRole("alert").filter({ hasText: "No answer" });
    expect(await strip.textContent()).toContain("well");
    pages.tell({ isReady: false });
    const later = (part: Locator) => async () => {
      await page.clock.runFor(4000);
      return part.textContent();
    };
    await expect.poll(later(strip)).toContain("starting");
    pages.tell({ isReady: true, passesWait: "the processors <b>are</b> busy" });
    await expect.poll(later(strip)).toContain("<b>are</b> busy");
    expect(await page.evaluate("document.activeElement.id")).toBe("name");
    expect(wrong).toEqual([]);
    expect(await lost.isVisible()).toBe(false);
    await pages[Symbol.asyncDispose]();
    await expect
      .poll(async () => {
        await page.clock.runFor(4000);
        return lost.isVisible();
      })
      .toBe(true);
  },
);

test.runIf(isHere)(
  "a page is made anew as a whole; what stays keeps its focus, its place and what was opened or typed",
  async () => {
    await using lake = await createWorld();
    for (let i = 0; i < 40; i += 1) await lake.put(`old-${i}.csv`, "a\n1\n");
    await lake.pass();
    await using pages = await servePages(lake.settings());
    await using watched = await watch(browser, pages.url, { scheme: "light", width: 1280 });
    const { page, wrong } = watched;
    let asking = 0;
    page.on("request", () => (asking += 1));
    page.on("requestfinished", () => (asking -= 1));
    page.on("requestfailed", () => (asking -= 1));
    await page.clock.install();
    await page.goto(`${pages.url}/datasets/${DATASET}`);
    await page.getByLabel("Path contains").fill("typed");
    const link = page.getByRole("link", { name: "raw/old-20.csv" });
    await link.focus();
    const placeOf = async () => (await link.boundingBox())?.y;
    const place = await placeOf();
    await lake.put("broken.zip", "no zip");
    await lake.put("new.csv", "a\n1\n");
    await lake.pass();
    const later = async () => {
      await page.clock.runFor(4000);
      return page.title();
    };
    await expect.poll(later).toBe(`(1) ${DATASET} · Staging Sampler`);
    expect(await page.locator("tbody tr").count()).toBe(42);
    expect(await page.evaluate("document.activeElement.textContent")).toBe("raw/old-20.csv");
    expect(await page.getByLabel("Path contains").inputValue()).toBe("typed");
    // The browser holds on to what is seen, while rows come in above.
    await expect.poll(placeOf).toBeCloseTo(place ?? 0, -1);

    await lake.announce("old-1.csv", { bronze: "bronze/none.csv", mtime: 1_800_000_000 });
    await lake.pass();
    await page.goto(pages.url + entryPath("raw/old-1.csv"));
    await page.getByText("Profile of the columns").click();
    const tried = page.locator(".card", { hasText: "What became of it" });
    lake.db().exec("UPDATE files SET attempts = 77 WHERE code = 'FILE_MISSING'");
    await expect
      .poll(async () => {
        await page.clock.runFor(4000);
        return tried.textContent();
      })
      .toContain("77");
    expect(await page.locator("details[open]").count()).toBe(1);
    expect(await audited(page)).toEqual([]);
    expect(wrong).toEqual([]);
    // What still is answered reads the lake.
    await expect.poll(() => asking).toBe(0);
  },
);

test.runIf(isHere)(
  "a page that nobody sees asks nothing, and asks again once it is seen",
  async () => {
    await using watched = await watch(browser, server.url, { scheme: "light", width: 1280 });
    const { page } = watched;
    await page.clock.install();
    await page.goto(server.url);
    let asked = 0;
    page.on("request", (request) => (asked += request.resourceType() === "fetch" ? 1 : 0));
    const turn = (isHidden: boolean) =>
      page.evaluate(`Object.defineProperty(document, "hidden", { value: ${isHidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"))`);
    await turn(true);
    await page.clock.runFor(60_000);
    expect(asked).toBeLessThanOrEqual(1);
    const before = asked;
    await turn(false);
    const askedLater = async () => {
      await page.clock.runFor(2000);
      return asked;
    };
    await expect.poll(askedLater).toBeGreaterThan(before);
  },
);

test.runIf(isHere && pictures !== undefined)("pictures", async () => {
  await using lake = await createWorld();
  await fillPageLake(lake);
  const lock = takeLock(lake.settings().state);
  await using pages = await servePages(lake.settings());
  const wanted: readonly (readonly [string, Look])[] = [
    ["start", { scheme: "light", width: 1440 }],
    ["start", { scheme: "dark", width: 820 }],
    ["start", { scheme: "light", width: 390 }],
    ["entry", { scheme: "dark", width: 1440 }],
    ["entry", { scheme: "light", width: 820 }],
    ["entry", { scheme: "dark", width: 390 }],
  ];
  await mkdir(pictures ?? "", { recursive: true });
  for (const [name, look] of wanted) {
    await using watched = await watch(browser, pages.url, look);
    const { page } = watched;
    await page.goto(pages.url + (name === "start" ? "/" : views[name]));
    // Where the tests' lake is says nothing to anyone.
    await page.evaluate(`(() => {
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        node.data = node.data.replaceAll("${lake.prefix}", "/data")
          .replaceAll("${lake.config}", "/etc/staging-sampler/config.yaml");
      }
    })()`);
    const path = join(pictures ?? "", `${name}-${look.width}-${look.scheme}.png`);
    await page.setViewportSize({ width: look.width, height: look.width > 1000 ? 640 : 800 });
    await page.screenshot({ path });
  }
  await lock.release();
});
