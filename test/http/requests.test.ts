import { afterAll, beforeAll, expect, test } from "vitest";
import { SECURITY_HEADERS } from "../../src/http/server/guard.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { ask, connectTo, type Raw, send, untilEnd } from "./requests.ts";
import { serve, type Served } from "./serve.ts";

const paths = ["/healthz", "/readyz", "/metrics", "/status.json", "/no/such/page"];

let world: World;
let served: Served;

beforeAll(async () => {
  world = await createWorld();
  await world.put("a.csv", rows(10));
  await world.pass();
  served = await serve(world, { http: { hosts: ["Samples.example.com"] } });
});

afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

function expectSafe({ headers }: Raw): void {
  for (const [name, value] of Object.entries(SECURITY_HEADERS))
    expect(headers.get(name.toLowerCase())).toBe(value);
}

test.each(paths)(
  "%s: HEAD says what GET says, without a body, and both send all safety headers",
  async (path) => {
    const got = await ask(served.url, path);
    const headed = await ask(served.url, path, { method: "HEAD" });
    expect(got.body).not.toBe("");
    expect(headed.body).toBe("");
    expect(headed.status).toBe(got.status);
    expect(headed.headers.get("content-type")).toBe(got.headers.get("content-type"));
    for (const each of [got, headed]) expectSafe(each);
  },
);

test.each(["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])(
  "%s is not allowed anywhere, and told what is",
  async (method) => {
    for (const path of paths) {
      const { status, headers, ...raw } = await ask(served.url, path, { method });
      expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
      expect(raw.body).toContain("METHOD_NOT_ALLOWED");
      expectSafe({ status, headers, ...raw });
    }
  },
);

test.each([
  ["a body", "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 413],
  [
    "a chunked body",
    "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    413,
  ],
  ["no Host", "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n", 400],
  ["an address of 10 KB", `GET /${"a".repeat(10_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
  [
    "headers of 10 KB",
    `GET / HTTP/1.1\r\nHost: localhost\r\nA: ${"a".repeat(10_000)}\r\n\r\n`,
    431,
  ],
  ["2,000 headers", `GET / HTTP/1.1\r\nHost: localhost\r\n${"a: b\r\n".repeat(2000)}\r\n`, 431],
  ["no HTTP", "hello\r\n\r\n", 400],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  [
    "a smuggled second request",
    "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /",
    400,
  ],
  ["another HTTP", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
])(
  "a request with %s is refused, with all safety headers, and the connection ends",
  async (_what, text, status) => {
    const answer = await send(served.url, text);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: expect.any(String) } });
    expectSafe(answer);
  },
);

test("CONNECT and an upgrade lead nowhere", async () => {
  const connected = await send(
    served.url,
    "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost\r\n\r\n",
  ).catch(() => undefined);
  expect(connected?.status ?? 0).not.toBe(200);
  const headers = { Connection: "Upgrade, close", Upgrade: "websocket" };
  expect((await ask(served.url, "/healthz", { headers })).status).not.toBe(101);
});

test.each([
  ["localhost", 200],
  ["localhost:9464", 200],
  ["LOCALHOST", 200],
  ["127.0.0.1:1", 200],
  ["127.1.2.3", 200],
  ["[::1]:9464", 200],
  ["samples.example.com", 200],
  ["SAMPLES.EXAMPLE.COM:443", 200],
  ["evil.example.com", 421],
  ["localhost.evil.example.com", 421],
  ["samples.example.com.evil.net", 421],
  ["127.0.0.1.evil.net", 421],
  ["1.2.3.4.5", 421],
  ["a b", 400],
  ["localhost@evil.net", 400],
  ["[evil.net]", 400],
  ["", 400],
])(
  "asked for as %j it answers %i: a stranger's page cannot have its name lead here",
  async (host, status) => {
    const answer = await ask(served.url, "/healthz", { headers: { Host: host } });
    expect(answer.status).toBe(status);
    expectSafe(answer);
  },
);

test("a browser gets errors as a page, everybody else as JSON, and nobody a stack", async () => {
  const page = await ask(served.url, "/<script>", { headers: { Accept: "text/html,*/*" } });
  expect(page.status).toBe(404);
  expect(page.headers.get("content-type")).toMatch(/^text\/html/);
  expect(page.body).toMatch(/not found/i);
  expect(page.body).not.toContain("<script>");
  const json = await ask(served.url, "/nothing");
  expect(JSON.parse(json.body)).toEqual({
    error: { code: "NOT_FOUND", message: expect.any(String) },
  });
});

test("/status.json is what the command prints", async () => {
  const { stdout } = await world.run(["status", "--json"]);
  const { body } = await ask(served.url, "/status.json");
  expect(JSON.parse(body)).toEqual(JSON.parse(stdout));
});

test("whoever sends nothing, half a head, or a head without end, is put off, and others are answered meanwhile", async () => {
  const silent = connectTo(served.url);
  const slow = connectTo(served.url);
  const half = connectTo(served.url);
  const ends = [silent, slow, half].map(untilEnd);
  slow.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n");
  // A header more every half second would go on for ever.
  const drip = setInterval(() => slow.write("x: y\r\n"), 500);
  half.write("GET /healthz HTT");
  expect((await ask(served.url, "/healthz")).status).toBe(200);
  const [nothing, tooSlow, tooSlowAsWell] = await Promise.all(ends);
  clearInterval(drip);
  expect(nothing).toMatch(/^$|408/);
  expect(tooSlow).toMatch(/^HTTP\/1\.1 408 /);
  expect(tooSlowAsWell).toMatch(/^HTTP\/1\.1 408 /);
});

test("who sends a thousand requests at once is answered the first, and nothing of the others is begun", async () => {
  const socket = connectTo(served.url);
  const answer = untilEnd(socket);
  socket.write("GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1000));
  const text = await answer;
  expect(text.match(/^HTTP\/1\.1 200 /gm)).toHaveLength(1);
  const [, body = ""] = text.split("\r\n\r\n");
  expect(JSON.parse(body)).toHaveProperty("totals");

  // One after the other is another matter: the connection stays.
  const patient = connectTo(served.url);
  const next = () =>
    new Promise<string>((resolve) => patient.once("data", (data) => resolve(`${data}`)));
  for (let i = 0; i < 3; i += 1) {
    patient.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect(await next()).toMatch(/^HTTP\/1\.1 200 /);
  }
  patient.destroy();
});

test("of more than 64 connections at once the rest is turned away, and there is room again after", async () => {
  const sockets = Array.from({ length: 64 }, () => connectTo(served.url));
  await Promise.all(
    sockets.map((socket) => new Promise((resolve) => socket.on("connect", resolve))),
  );
  // The kernel takes one more; the server ends it without a word.
  const late = connectTo(served.url);
  late.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  expect(await untilEnd(late)).toBe("");
  const ends = sockets.map(untilEnd);
  for (const socket of sockets) socket.destroy();
  await Promise.all(ends);
  let status = 0;
  while (status !== 200) status = (await ask(served.url, "/healthz")).status;
});
