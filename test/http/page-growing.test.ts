import { html } from "hono/html";
import { expect, test } from "vitest";
import { type GrowingView, showGrowing } from "../../src/http/pages/answer.ts";
import { HOLE } from "../../src/http/pages/hole.ts";
import type { World } from "../helpers/world.ts";
import { ordinaryLake } from "./page-lake.ts";
import { letIn, startProxy, whyNoNginx } from "./nginx.ts";
import { type PageServer, servePages } from "./page-server.ts";
import { connectTo, requestOf } from "./requests.ts";

/** Serves one page, which grows. */
function serveGrowing(world: World, grow: NonNullable<GrowingView["grow"]>): Promise<PageServer> {
  const body = html`<p>the beginning</p>
    ${HOLE}`;
  return servePages(world.settings(), (app, context) => {
    app.get("/", (c) =>
      showGrowing(context, c, async () => ({ title: "Growing", part: "none", body, grow })),
    );
  });
}

/** Reads an answer up to a text; returns all that was read so far. */
function readerOf(answer: AsyncIterable<Uint8Array>) {
  const parts = answer[Symbol.asyncIterator]();
  const decoder = new TextDecoder();
  let text = "";
  return async (end?: string) => {
    for (;;) {
      if (end !== undefined && text.includes(end)) return text;
      const { value, done } = await parts.next();
      if (done === true) return text;
      text += decoder.decode(value, { stream: true });
    }
  };
}

async function readPage(url: string, signal?: AbortSignal) {
  const response = await fetch(url, signal === undefined ? {} : { signal });
  expect(response.headers.get("content-type")).toBe("text/html; charset=UTF-8");
  return readerOf(response.body as ReadableStream<Uint8Array>);
}

test("the beginning is sent before anything is found, each part as it is found, and then the end", async () => {
  await using world = await ordinaryLake();
  world.close();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using server = await serveGrowing(world, async (write) => {
    await first.promise;
    await write(html`<p>${"<one>"}</p>`);
    await second.promise;
    await write(html`<p>two</p>`);
  });
  const readTo = await readPage(server.url);
  expect(await readTo("the beginning")).not.toContain("one");
  first.resolve();
  expect(await readTo("&lt;one&gt;")).not.toContain("two");
  second.resolve();
  expect(await readTo()).toMatch(/<p>two<\/p>[^]*<\/main>[^]*<\/html>\s*$/);
  expect(server.failures).toEqual([]);
});

test("a fault of ours in the middle is told as text and in the log, and the page is whole", async () => {
  await using world = await ordinaryLake();
  world.close();
  await using server = await serveGrowing(world, async (write) => {
    await write(html`<p>one</p>`);
    throw new TypeError("it is broken");
  });
  const text = await (await readPage(server.url))();
  expect(text).toMatch(/<p>one<\/p>[^]*role="alert"[^]*This could not be answered[^]*<\/html>\s*$/);
  expect(text).not.toContain("it is broken");
  expect(server.failures).toEqual([expect.stringContaining("it is broken")]);
});

test("nothing waits for a reader that is slow, and one that is gone is noticed", async () => {
  await using world = await ordinaryLake();
  world.close();
  const [written, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using server = await serveGrowing(world, async (write, isGone) => {
    for (let i = 0; i < 1000; i += 1) await write(html`<p>${"x".repeat(10_000)}</p>`);
    written.resolve();
    while (!isGone()) await new Promise((resolve) => setImmediate(resolve));
    gone.resolve();
  });
  const leaving = new AbortController();
  const readTo = await readPage(server.url, leaving.signal);
  await readTo("the beginning");
  await written.promise;
  leaving.abort();
  await gone.promise;
  await expect(readTo()).rejects.toThrow(/abort/);
});

test("nginx passes each part on as it comes", async (context) => {
  if (whyNoNginx !== undefined) context.skip(whyNoNginx);
  await using world = await ordinaryLake();
  world.close();
  const next = Promise.withResolvers<void>();
  await using server = await serveGrowing(world, async (write) => {
    await write(html`<p>one</p>`);
    await next.promise;
    await write(html`<p>two</p>`);
  });
  const signed = letIn(world, "ada", "secret");
  await using proxy = await startProxy(world, "nginx-basic.conf", {
    "http://unix:/run/staging-sampler/http.sock": server.url,
  });
  const socket = connectTo(proxy.url);
  socket.write(requestOf("/", signed));
  const readTo = readerOf(socket);
  expect(await readTo("<p>one</p>")).toContain("the beginning");
  next.resolve();
  expect(await readTo("</html>")).toContain("<p>two</p>");
});
