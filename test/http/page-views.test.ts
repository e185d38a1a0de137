import { spawnSync } from "node:child_process";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join, matchesGlob } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { takeLock } from "../../src/store/sqlite/lock.ts";
import { globFor, quoted } from "../../src/http/pages/commands.ts";
import { encoded, queryOf } from "../../src/http/pages/query.ts";
import { createWorld, DATASET, rows, run, type World } from "../helpers/world.ts";
import { ordinaryLake, fillHostileLake, HOSTILE, hostileNames, ORDINARY } from "./page-lake.ts";
import { addRows } from "./page-rows.ts";
import { linksIn, textOf } from "./page-text.ts";
import { type PageServer, servePages } from "./page-server.ts";
import { serve } from "./serve.ts";
import { surroundings } from "../helpers/surroundings.ts";
import { fetchOnce } from "../helpers/fetch-once.ts";

const program = join(import.meta.dirname, "../../src/main.ts");

let world: World;
let server: PageServer;

beforeAll(async () => {
  world = await createWorld();
  await fillHostileLake(world);
  server = await servePages(world.settings());
});

afterAll(async () => {
  expect(server.failures).toEqual([]);
  await server[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

/** A browser's answer for an address. */
async function get(path: string, { url } = server) {
  const response = await fetchOnce(url + path, { headers: { Accept: "text/html" } });
  const html = await response.text();
  return { status: response.status, headers: response.headers, html, text: textOf(html) };
}

function entryPath(raw: string, dataset = DATASET, path = "/entry"): string {
  return `${path}?dataset=${encoded(dataset)}&raw=${encoded(raw)}`;
}

test("each view is whole HTML with a title of its own, and HEAD says the same without it", async () => {
  const paths = ["/", `/datasets/${DATASET}`, entryPath(ORDINARY), "/failures", "/no/such/page"];
  const titles = new Set<string>();
  for (const path of paths) {
    const { status, headers, html } = await get(path);
    expect(status).toBe(path === "/no/such/page" ? 404 : 200);
    expect(headers.get("content-type")).toBe("text/html; charset=UTF-8");
    expect(html).toMatch(/^<!doctype html>[\s\S]*<\/html>\s*$/);
    titles.add(/<title>([^<]*)<\/title>/.exec(html)?.[1] ?? "");
    const head = await fetchOnce(server.url + path, {
      method: "HEAD",
      headers: { Accept: "text/html" },
    });
    expect([head.status, await head.text()]).toEqual([status, ""]);
  }
  expect(titles.size).toBe(paths.length);
});

test("assets have their types, and come again only when they changed", async () => {
  for (const [path, type] of [
    ["/assets/style.css", "text/css; charset=utf-8"],
    ["/assets/live.js", "text/javascript; charset=utf-8"],
    ["/assets/copy.js", "text/javascript; charset=utf-8"],
    ["/assets/icon.svg", "image/svg+xml"],
  ]) {
    const first = await fetchOnce(server.url + path);
    expect([first.status, first.headers.get("content-type")]).toEqual([200, type]);
    expect((await first.text()).length).toBeGreaterThan(100);
    const tag = first.headers.get("etag") ?? "";
    const again = await fetchOnce(server.url + path, { headers: { "If-None-Match": tag } });
    expect([again.status, await again.text()]).toEqual([304, ""]);
  }
});

test("no page asks anything of another machine", async () => {
  const paths = [
    "/",
    `/datasets/${DATASET}`,
    entryPath(ORDINARY),
    "/failures",
    "/assets/style.css",
  ];
  for (const path of [...paths, "/assets/live.js", "/assets/copy.js"]) {
    expect((await get(path)).html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(
      /(https?:)?\/\/[\w.-]+\.\w|@import|url\(/,
    );
  }
});

test.each([
  ["/?page=0", "whole number from 1"],
  ["/?page=-1", "whole number"],
  ["/?page=1e9", "whole number"],
  ["/?page=99999999999999999999", "whole number"],
  ["/?sort=sideways", "it can be worst, name"],
  ["/?sort=name&sort=name", "is there twice"],
  ["/?nmae=x", "There is no parameter “nmae”; known here: name, sort, page."],
  ["/?name=%zz", "two hex digits"],
  ["/?name=%", "two hex digits"],
  [`/datasets/${DATASET}?outcome=lost`, "it can be sampled, described, failed, waiting, pruned"],
  [`/datasets/${DATASET}?after=yesterday`, "no place in this list"],
  [`/datasets/${DATASET}?after=1.2`, "no place in this list"],
  ["/entry", "“dataset” is missing"],
  [`/entry?dataset=${DATASET}`, "“raw” is missing"],
  [`/entry?dataset=${DATASET}&raw=a%00b`, "not a name that can be"],
  [`/sample?dataset=${DATASET}`, "“raw” is missing"],
  ["/failures?code=E_NOTHING", "it can be FILE_MISSING"],
])("%s is answered with 400 and what is expected instead", async (path, says) => {
  const { status, text } = await get(path);
  expect(status).toBe(400);
  expect(text).toContain(says);
  expect(text).toContain("Skip to the content");
});

test("text to look for that is longer than anyone types is refused", async () => {
  const { status, text } = await get(`/?name=${"x".repeat(1001)}`);
  expect([status, text]).toEqual([400, expect.stringContaining("1,000 are enough")]);
});

test("what is not there is said so, with what may be meant", async () => {
  expect(await get("/datasets/no/such/v1")).toMatchObject({ status: 404 });
  expect(await get("/datasets/no")).toMatchObject({ status: 404 });
  expect((await get("/failures?dataset=no/such/v1")).text).toContain("knows no dataset no/such/v1");
  const unknown = await get(entryPath("elsewhere/notes.txt"));
  expect(unknown.status).toBe(404);
  expect(linksIn(unknown.html)).toContain(entryPath("raw/notes.txt"));
  for (const [path, code] of [
    ["/no/such/page", "NOT_FOUND"],
    [entryPath("raw/none", DATASET, "/sample"), "NOT_FOUND"],
    [entryPath("raw/broken.zip", "umbrella/sensors/v1", "/sample"), "FILE_MISSING"],
    ["/?x=1", "REQUEST_INVALID"],
  ]) {
    const json = await fetchOnce(server.url + path);
    expect([path, await json.json()]).toMatchObject([path, { error: { code } }]);
  }
});

test("a parameter brings every name back as it is, also one that is not UTF-8", () => {
  const unit = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("\udc80", "\udcff", "%", "&"),
  );
  fc.assert(
    fc.property(fc.array(unit), (units) => {
      const name = units.join("").replace(/\0/g, "");
      // Escaped bytes that are a character after all stand for that character.
      const isNamed = name.replace(/[\udc80-\udcff]/gu, "").isWellFormed();
      fc.pre(isNamed && name !== "" && !/[\udc80-\udcff]{2}/u.test(name));
      expect(queryOf(`http://x/?raw=${encoded(name)}`, ["raw"]).get("raw")).toBe(name);
    }),
    { numRuns: 500 },
  );
});

test("every hostile name leads from the list to its entry and its sample, and is shown as text", async () => {
  const list = await get(`/datasets/${HOSTILE.split("/").map(encodeURIComponent).join("/")}`);
  expect(list.status).toBe(200);
  const links = linksIn(list.html).filter((href) => href.startsWith("/entry?"));
  expect(links).toHaveLength(hostileNames.length + 1);
  for (const name of hostileNames) {
    const href = entryPath(`raw/${name}`, HOSTILE);
    expect(links).toContain(href);
    const entry = await get(href);
    expect([name, entry.status]).toEqual([name, 200]);
    const samples = linksIn(entry.html).filter((link) => link.startsWith("/sample?"));
    expect(samples).toEqual([entryPath(`raw/${name}`, HOSTILE, "/sample")]);
    const sample = await fetchOnce(server.url + samples[0]);
    expect([name, await sample.text()]).toEqual([name, "id,name\n1,a\n2,b\n"]);
  }
});

test("a sample is sent byte for byte, to be saved and not shown", async () => {
  for (const raw of [ORDINARY, "raw/all-types.parquet", "raw/everything.avro", "raw/empty.csv"]) {
    const sample = world.row(raw)?.sample ?? "";
    const path = entryPath(raw, DATASET, "/sample");
    const response = await fetchOnce(server.url + path);
    const bytes = Buffer.from(await response.arrayBuffer());
    expect(bytes.equals(await readFile(world.path(sample)))).toBe(true);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-length": `${bytes.length}`,
      "content-disposition": expect.stringMatching(/^attachment; filename="[\w.-]+"; filename\*/),
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
    });
    const head = await fetchOnce(server.url + path, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(`${bytes.length}`);
  }
});

test("a large sample whose reader leaves half-way is let go", async () => {
  await using lake = await createWorld({ sample: { bytes: "32MiB", rows: 1_000_000 } });
  await lake.put("large.csv", `a,b\n${`${"x".repeat(98)},1\n`.repeat(300_000)}`);
  await lake.pass();
  await using pages = await servePages(lake.settings());
  const leaving = new AbortController();
  const path = entryPath("raw/large.csv", DATASET, "/sample");
  const response = await fetchOnce(pages.url + path, { signal: leaving.signal });
  const reader = response.body?.getReader();
  expect((await reader?.read())?.value?.length).toBeGreaterThan(0);
  leaving.abort();
  // The world finds what is still open when it ends.
  await expect(reader?.read()).rejects.toThrow();
  const whole = await fetchOnce(pages.url + path);
  expect((await whole.arrayBuffer()).byteLength).toBe(lake.row("raw/large.csv")?.bytes);
});

test.each([
  ["a link to a file outside", async (path: string, secret: string) => symlink(secret, path)],
  ["a link to a file of production", async (path: string) => symlink("../bronze/b.csv", path)],
  ["a link to the receipts' directory", async (path: string) => symlink(".", path)],
  ["a directory", async (path: string) => void (await mkdir(path))],
  ["a FIFO", async (path: string) => void (await run(["mkfifo", path]))],
  ["nothing", async () => undefined],
])("%s in the place of a sample is not served, and said so", async (_what, put) => {
  await using lake = await createWorld();
  await lake.put("a.csv", rows(3));
  await lake.put("b.csv", "secret,1\n");
  await lake.pass();
  const secret = join(lake.root, "secret.csv");
  await writeFile(secret, "secret,2\n");
  const path = lake.path("samples/a_sample.csv");
  await rm(path);
  await put(path, secret);
  await using pages = await servePages(lake.settings());
  for (const view of ["/entry", "/sample"]) {
    const { status, text } = await get(entryPath("raw/a.csv", DATASET, view), pages);
    expect(status).toBe(view === "/entry" ? 200 : 404);
    expect(text).toMatch(/sample cannot be (shown|had)/);
    expect(text).not.toContain("secret");
    expect(text).not.toContain("/proc/");
  }
  expect(pages.failures).toEqual([]);
});

test("samples that lead elsewhere as a whole are not served; on another disk of ours they are", async () => {
  await using lake = await ordinaryLake();
  const other = join(lake.root, "other");
  await rename(lake.path("samples"), other);
  await symlink(other, lake.path("samples"));
  const path = entryPath("raw/a.csv", DATASET, "/sample");
  {
    await using pages = await servePages(lake.settings());
    expect(await get(path, pages)).toMatchObject({ status: 503 });
    expect((await get(entryPath("raw/a.csv"), pages)).text).toContain("cannot be shown");
  }
  lake.close();
  const config = { prefix: lake.prefix, allowedRoots: [other, lake.root] };
  await writeFile(lake.config, JSON.stringify(config));
  await using pages = await servePages(lake.settings());
  expect(await get(path, pages)).toMatchObject({ status: 200, html: rows(3) });
  await rm(lake.path("samples"));
  await mkdir(lake.path("bronze/a_sample.csv"), { recursive: true });
  await symlink("bronze", lake.path("samples"));
  expect(await get(path, pages)).toMatchObject({ status: 503 });
});

test("a sample that is exchanged for a link again and again never gives what the link leads to", async () => {
  await using lake = await ordinaryLake();
  const secret = join(lake.root, "secret.csv");
  await writeFile(secret, "secret,2\n");
  const [path, link] = [lake.path("samples/a_sample.csv"), lake.path("samples/.link")];
  await using pages = await servePages(lake.settings());
  const ending = new AbortController();
  const exchanging = (async () => {
    while (!ending.signal.aborted) {
      await symlink(secret, link);
      await rename(link, path);
      await writeFile(link, rows(3));
      await rename(link, path);
    }
  })();
  const seen = new Map<number, number>();
  for (let i = 0; i < 300; i += 1) {
    const view = i % 3 === 0 ? "/entry" : "/sample";
    const { status, text } = await get(entryPath("raw/a.csv", DATASET, view), pages);
    expect(text).not.toContain("secret");
    seen.set(status, (seen.get(status) ?? 0) + 1);
  }
  ending.abort();
  await exchanging;
  expect([...seen.keys()].toSorted()).toEqual([200, 404]);
});

test("samples that are exchanged as a whole again and again never give what they lead to then", async () => {
  await using lake = await ordinaryLake();
  const [ours, outside] = [join(lake.prefix, "disk"), join(lake.root, "outside")];
  await rename(lake.path("samples"), ours);
  await mkdir(outside);
  await writeFile(join(outside, "a_sample.csv"), "secret,2\n");
  await using pages = await servePages(lake.settings());
  const link = lake.path("link");
  const ending = new AbortController();
  const exchanging = (async () => {
    while (!ending.signal.aborted) {
      for (const target of [outside, ours]) {
        await symlink(target, link);
        await rename(link, lake.path("samples"));
      }
    }
  })();
  const seen = new Set<number>();
  for (let i = 0; i < 300; i += 1) {
    const { status, text } = await get(entryPath("raw/a.csv", DATASET, "/sample"), pages);
    expect(text).not.toContain("secret");
    seen.add(status);
  }
  ending.abort();
  await exchanging;
  expect(seen).toContain(200);
  expect(seen.size).toBeGreaterThan(1);
});

test("a cache that names another file than a sample gives nothing of it", async () => {
  await using lake = await ordinaryLake();
  const names = ["../bronze/a.csv", "_receipts.jsonl", "/etc/hostname", "..", "a\0_sample.csv"];
  await using pages = await servePages(lake.settings());
  for (const name of names) {
    lake.db().prepare("UPDATE files SET sample = ?").run(name);
    const sample = await get(entryPath("raw/a.csv", DATASET, "/sample"), pages);
    expect([name, sample.status]).toEqual([name, 404]);
    expect(sample.text).toContain("PATH_REFUSED");
    expect(await get(entryPath("raw/a.csv"), pages)).toMatchObject({ status: 200 });
  }
});

test("an entry says what its receipt says: how it was recognised, what was kept and why", async () => {
  const { text } = await get(entryPath(ORDINARY));
  expect(text).toContain("Recognised by name Kept the beginning: cut by sample.rows");
  expect(text).toContain("Same mtime again changes nothing");
  expect(text).toContain("1000 Ada Lovelace London 0.00 2026-01-01T08:30:00Z");
  const metadata = await get(entryPath("raw/model.bin"));
  expect(metadata.text).toContain("no samples of .bin files");
  const failed = await get(entryPath("raw/broken.zip", "umbrella/sensors/v1"));
  expect(failed.text).toContain("FORMAT_INVALID not a whole zip");
  expect(failed.text).toContain("Not by itself: only a new manifest line");
  const stale = await get(entryPath("raw/notes.txt"));
  expect(stale.text).toContain("This is of an earlier version of the file.");
  expect(stale.text).toContain("first line");
});

test("a receipt is found among many, in sealed files too, and said to be missing where it is not there", async () => {
  await using lake = await ordinaryLake();
  const receipts = lake.path("samples/_receipts.jsonl");
  await rename(receipts, `${receipts}.1`);
  const line = (i: number, at: string) =>
    `${JSON.stringify({ raw: `raw/${i}.csv`, outcome: "sampled", recognisedBy: "content", at })}\n`;
  const later = (i: number) => new Date(Date.now() + 60_000 + i).toISOString();
  const many = Array.from({ length: 20_000 }, (_, i) => line(i, later(i)));
  await writeFile(receipts, `${many.join("")}\0\0\0{"raw":"torn`);
  await using pages = await servePages(lake.settings());
  expect((await get(entryPath("raw/a.csv"), pages)).text).toContain("Recognised by name");
  await writeFile(`${receipts}.1`, line(1, later(-100_000)));
  expect((await get(entryPath("raw/a.csv"), pages)).text).toContain("not found where it should be");
});

test("the commands that a page shows do, in a real shell, what it says", async () => {
  await using lake = await createWorld();
  const names = ["it's $HOME `id` [a] {b,c}*?.csv", "-two\nlines\u202e.csv", "caf\udce9.csv"];
  for (const name of names) await lake.announce(name, { raw: name });
  await lake.pass();
  await lake.announce("other.csv", { raw: "other.csv" });
  await lake.pass();
  await using pages = await servePages(lake.settings());
  const bin = join(lake.root, "bin");
  await mkdir(bin);
  const script = `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`;
  await writeFile(join(bin, "staging-sampler"), script, { mode: 0o755 });
  // Not `spawnSync`: meanwhile the server closes its idle connections, and the next request meets one.
  const shell = (line = "") =>
    run(["bash", "--norc", "-c", line.replace(/ \w+/, "$& --json")], undefined, {
      env: { ...surroundings, PATH: `${bin}:${surroundings["PATH"]}` },
    });
  for (const name of names) {
    const { html } = await get(entryPath(name), pages);
    const lines = [...html.matchAll(/<pre><code>([\s\S]*?)<\/code><\/pre>/g)].map(([, line = ""]) =>
      line.replaceAll("&#39;", "'").replaceAll("&quot;", '"').replaceAll("&amp;", "&"),
    );
    const [explain, retry = explain] = name.isWellFormed() ? lines : [undefined, ...lines];
    if (explain !== undefined) {
      const explained = await shell(explain);
      expect(explained.stderr).toBe("");
      expect(JSON.parse(explained.stdout)).toMatchObject([{ entry: { raw: name } }]);
    }
    const retried = await shell(retry);
    expect([name, retried.code, retried.stderr]).toEqual([
      name,
      0,
      `lake ${lake.prefix}, cache ${lake.state}\n`,
    ]);
    expect(JSON.parse(retried.stdout)).toMatchObject({ entries: 1 });
  }
});

test("a glob for a path matches that path, whatever is in it", () => {
  const part = fc.stringMatching(/^[a-z*?[\]{}()+@|#!,\\ '"$.-]{1,12}$/);
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      // What Node has for globs takes these for the directory itself.
      fc.pre(!parts.some((each) => /^\.{1,2}$/.test(each)));
      const path = `raw/${parts.join("/")}`;
      expect(matchesGlob(path, globFor(path))).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("a shell gets every word as it was", () => {
  const words = fc.array(
    fc.string({ unit: "grapheme" }).filter((word) => !word.includes("\0")),
    {
      minLength: 1,
      maxLength: 50,
    },
  );
  fc.assert(
    fc.property(words, (all) => {
      const { stdout } = spawnSync("bash", ["-c", `printf '%s\\0' ${all.map(quoted).join(" ")}`]);
      expect(stdout.toString().split("\0").slice(0, -1)).toEqual(all);
    }),
    { numRuns: 20 },
  );
});

test("pages say plainly when no daemon runs, and when one does", async () => {
  const path = `/datasets/${DATASET}`;
  expect((await get(path)).text).toContain("No daemon runs:");
  const lock = takeLock(world.settings().state);
  await using pages = await servePages(world.settings());
  expect((await get(path, pages)).text).not.toContain("No daemon runs:");
  await lock.release();
});

test("pages say plainly that the daemon is stuck, waits, or has not begun, in the words of status", async () => {
  await using lake = await ordinaryLake();
  await using pages = await servePages(lake.settings());
  const textAt = async (path: string) => (await get(path, pages)).text;
  pages.silentFor(120_000);
  for (const path of ["/", `/datasets/${DATASET}`, entryPath("raw/a.csv"), "/failures", "/none"]) {
    expect(await textAt(path)).toContain("The daemon is stuck: nothing was heard of");
  }
  pages.silentFor(0);
  pages.tell({ liveness: { isIdle: false, progressAt: Date.now() - 900_000 } });
  expect(await textAt("/")).toContain("stuck: the daemon has work, and has done nothing for 900 s");
  pages.tell({
    liveness: { isIdle: true, progressAt: 0 },
    passesWait: "the processors are 93 % busy",
  });
  expect(await textAt("/")).toContain("the processors are 93 % busy; nothing is due.");
  pages.tell({ passesWait: null, isReady: false });
  expect(await textAt("/")).toContain("the first pass has not begun.");
  const waits = {
    dataset: DATASET,
    code: "OUTPUT_FULL",
    message: "make <b>room</b>",
    at: 1,
  } as const;
  pages.tell({ isReady: true, paused: [waits] });
  for (const path of ["/", `/datasets/${DATASET}`, entryPath("raw/a.csv")]) {
    expect(await textAt(path)).toContain("OUTPUT_FULL: make <b>room</b>");
  }
  expect(await textAt("/")).toContain("1 dataset waits");
});

test("a fault of ours is told to the daemon, and said in a page like the others", async () => {
  await using lake = await ordinaryLake();
  await using pages = await servePages(lake.settings());
  pages.tell({ work: undefined as never });
  const { status, text } = await get("/", pages);
  expect([status, text]).toEqual([500, expect.stringContaining("This could not be answered")]);
  expect(text).toContain("Skip to the content");
  expect(text).not.toContain("TypeError");
  expect(pages.failures).toEqual([expect.stringMatching(/^\/ TypeError: .*readBytes/)]);
});

test("the daemon's server, in its own process, has the pages", async () => {
  await using lake = await ordinaryLake();
  await using served = await serve(lake);
  const pages = { ...server, url: served.url };
  for (const path of ["/", `/datasets/${DATASET}`, entryPath("raw/a.csv"), "/failures"]) {
    const { status, headers, text } = await get(path, pages);
    expect([path, status, text]).toEqual([path, 200, expect.stringContaining("Staging Sampler")]);
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
  }
  const sample = await get(entryPath("raw/a.csv", DATASET, "/sample"), pages);
  expect([sample.status, sample.html]).toEqual([200, rows(3)]);
  expect(sample.headers.get("content-security-policy")).toBe("sandbox");
  expect(await get("/no/such/page", pages)).toMatchObject({ status: 404 });
});

test("without a cache every view says so, and the daemon's own state is still shown", async () => {
  await using lake = await ordinaryLake();
  await using pages = await servePages(lake.settings());
  lake.close();
  await rm(lake.state, { recursive: true });
  const overview = await get("/", pages);
  expect([overview.status, overview.text]).toEqual([
    200,
    expect.stringMatching(/There is no cache to read: no cache at .*in trouble/),
  ]);
  for (const path of [`/datasets/${DATASET}`, entryPath("raw/a.csv"), "/failures"]) {
    const { status, text } = await get(path, pages);
    expect([path, status]).toEqual([path, 503]);
    expect(text).toContain("no cache at");
  }
  await lake.pass();
  expect(await get(`/datasets/${DATASET}`, pages)).toMatchObject({ status: 200 });
});

test("a thousand datasets are shown a hundred at a time, the worst first, and found by name", async () => {
  await using lake = await createWorld();
  for (let i = 0; i < 1000; i += 1) {
    const dataset = `vendor-${i % 10}/set-${String(i).padStart(3, "0")}/v1`;
    addRows(lake.db(), { dataset, count: i === 777 ? 60 : i % 3, until: Date.now() });
  }
  await using pages = await servePages(lake.settings());
  const datasetsAt = async (path: string) =>
    linksIn((await get(path, pages)).html)
      .map((href) => /^\/datasets\/([^?]+)$/.exec(href)?.[1])
      .filter((name) => name !== undefined);
  const seen: string[] = [];
  for (let page = 1; page <= 10; page += 1) seen.push(...(await datasetsAt(`/?page=${page}`)));
  expect(seen[0]).toBe("vendor-7/set-777/v1");
  expect([seen.length, new Set(seen).size]).toEqual([1000, 1000]);
  expect(await datasetsAt("/?name=SET-99")).toHaveLength(10);
  expect((await datasetsAt("/?sort=name"))[0]).toBe("vendor-0/set-000/v1");
  expect((await datasetsAt("/?sort=entries"))[0]).toBe("vendor-7/set-777/v1");
  expect((await get("/?page=11", pages)).text).toContain("901 to 1,000 of 1,000");
  expect((await get("/?name=nothing", pages)).text).toContain(
    "No dataset has “nothing” in its name.",
  );
});

test("failures are shown by code with what helps, and narrowed by dataset and code", async () => {
  const all = await get("/failures");
  for (const part of [
    "FILE_MISSING 15 files The manifest names a bronze file that is not there.",
    "FORMAT_INVALID 2 files",
    "LINE_INVALID 2 manifest lines",
    "manifests/processed.jsonl not JSON",
    "More with FILE_MISSING",
  ]) {
    expect(all.text).toContain(part);
  }
  const narrowed = await get("/failures?dataset=globex/clicks/v1&code=FILE_MISSING");
  expect(narrowed.text).toContain("14 of 14");
  expect(narrowed.text).not.toContain("umbrella/sensors/v1 ");
  expect((await get("/failures?code=TIMEOUT")).text).toContain("Nothing failed with TIMEOUT.");
});
