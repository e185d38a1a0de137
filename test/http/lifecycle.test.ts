import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, stat, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { startServer } from "../../src/http/supervisor.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { ask } from "./requests.ts";
import { begin, serve, serverPids } from "./serve.ts";
import { endingWithUs } from "../helpers/child.ts";
import { fetchOnce } from "../helpers/fetch-once.ts";

const SERVED = "page, health and metrics are served";
const REFUSED = "page, health and metrics cannot be served; it is tried again";
const ENDED = "the server of page and metrics ended; it is started again";

async function lake(): Promise<World> {
  const world = await createWorld();
  await world.put("a.csv", rows(10));
  return world;
}

async function metric(url: string, name: string): Promise<number> {
  const { body } = await ask(url, "/metrics");
  const line = body.split("\n").find((each) => each.startsWith(`staging_sampler_${name} `));
  return Number(line?.split(" ")[1]);
}

/** Resolves once a process is gone. */
async function gone(pid: number): Promise<void> {
  const isThere = () => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 10));
}

async function listen(at: { readonly path: string } | { readonly port: number }): Promise<Server> {
  const server = createServer((socket) => socket.destroy()).listen(at);
  await once(server, "listening");
  return server;
}

test.concurrent.each([
  ["killed", "SIGKILL"],
  ["hung", "SIGSTOP"],
] as const)(
  "a server that is %s is replaced, and what was counted is not lost",
  async (_what, signal) => {
    await using world = await lake();
    const { events, summary } = await world.pass();
    await using served = await serve(world, signal === "SIGSTOP" ? { pingMs: 1000 } : {});
    for (const event of events) served.server.observe(event);
    served.server.passed({ summary, isDrained: true });
    process.kill(served.pid, signal);
    const { code } = await served.logged(ENDED);
    expect(code).toBe(signal === "SIGKILL" ? "SIGKILL" : "HUNG");
    const { url } = await served.logged(SERVED);
    expect(await metric(String(url), "server_restarts_total")).toBe(1);
    expect(await metric(String(url), "read_bytes_total")).toBe(summary.readBytes);
    expect(await metric(String(url), "pass_duration_seconds_count")).toBe(1);
  },
);

test.concurrent("signals that a terminal sends to the whole group leave the server alone: it ends with the daemon", async () => {
  await using world = await lake();
  await using served = await serve(world);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(served.pid, signal);
  expect((await ask(served.url, "/healthz")).status).toBe(200);
});

test.concurrent("a daemon that is killed leaves no server behind, and no socket that is in the way", async () => {
  await using world = await lake();
  const path = join(world.root, "page.sock");
  const main = join(import.meta.dirname, "daemon.ts");
  const command = endingWithUs(process.execPath, [main, world.config, path]);
  const daemon = spawn(...command, { stdio: ["ignore", "pipe", "inherit"] });
  await once(daemon.stdout, "data");
  const [server] = serverPids(daemon.pid ?? 0);
  expect((await ask(`unix:${path}`, "/healthz")).status).toBe(200);
  daemon.kill("SIGKILL");
  await gone(Number(server));
  await using served = await serve(world, { http: { listen: path } });
  expect((await ask(served.url, "/healthz")).status).toBe(200);
});

test.concurrent("closing ends the server, also one that hangs, and removes its socket", async () => {
  await using world = await lake();
  const path = join(world.root, "page.sock");
  for (const signal of ["SIGCONT", "SIGSTOP"] as const) {
    const served = await serve(world, { http: { listen: path } });
    const pid = served.pid;
    process.kill(pid, signal);
    await served.server.close();
    await gone(pid);
    if (signal === "SIGCONT") await expect(stat(path)).rejects.toThrow("ENOENT");
  }
});

test.concurrent("a unix socket is for its owner and group", async () => {
  await using world = await lake();
  const path = join(world.root, "page.sock");
  await using served = await serve(world, { http: { listen: path } });
  expect(served.url).toBe(`unix:${path}`);
  expect((await stat(path)).mode & 0o777).toBe(0o660);
  // No browser comes by a unix socket: any name will do, or none.
  expect((await ask(served.url, "/healthz", { headers: { Host: "what.ever" } })).status).toBe(200);
});

test.concurrent("IPv6 is asked for in brackets", async () => {
  await using world = await lake();
  await using served = await serve(world, { http: { listen: "[::1]:0" } });
  expect(served.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await fetchOnce(`${served.url}/healthz`)).status).toBe(200);
});

test.concurrent("an address that others can reach is served, with a warning", async () => {
  await using world = await lake();
  await using served = await serve(world, { http: { listen: "0.0.0.0:0" } });
  await served.logged(
    "http.listen can be reached from other machines, and asks nobody for a password",
  );
});

/** Starts a server that is refused; returns it, and why. */
async function refused(world: World, path: string) {
  const { settings, log, live, logged } = begin(world, { listen: path });
  const server = startServer({ settings, log, live: () => live });
  return { server, logged, line: await logged(REFUSED) };
}

test.concurrent("a port that is in use is named, once, and served when it is free, without an end of the daemon", async () => {
  await using world = await lake();
  const holder = await listen({ port: 0 });
  const { port } = holder.address() as { port: number };
  const { server, logged, line } = await refused(world, `127.0.0.1:${port}`);
  expect(line).toMatchObject({ code: "EADDRINUSE", listen: `127.0.0.1:${port}` });
  holder.close();
  const { url } = await logged(SERVED);
  expect(await metric(String(url), "server_restarts_total")).toBe(0);
  await server.close();
});

test.concurrent.each([
  ["that another process answers at", "EADDRINUSE", (path: string) => listen({ path })],
  ["that is a file", "EEXIST", (path: string) => writeFile(path, "mine")],
  ["that is a directory", "EEXIST", (path: string) => mkdir(path)],
])("a path %s is left as it is, and refused", async (_what, code, make) => {
  await using world = await lake();
  const path = join(world.root, "taken");
  const made = await make(path);
  const before = await stat(path);
  const { server, line } = await refused(world, path);
  expect(line).toMatchObject({ code });
  await server.close();
  expect(await stat(path)).toMatchObject({ ino: before.ino, mode: before.mode });
  made?.close();
});

test.concurrent("a socket in a directory that is not there is refused, with what to do", async () => {
  await using world = await lake();
  const { server, line } = await refused(world, join(world.root, "none", "page.sock"));
  expect(line).toMatchObject({ reason: expect.stringMatching(/make its directory first$/) });
  await server.close();
});

test.concurrent("what a dying server wrote to stderr is in the log", async () => {
  await using world = await lake();
  const path = join(world.root, "page.sock");
  const { settings, log, live, logged } = begin(world, { listen: path });
  const config = { ...settings.origin.config, http: { listen: "nowhere", hosts: [] } };
  const broken = { ...settings, origin: { ...settings.origin, config } };
  const server = startServer({ settings: broken, log, live: () => live });
  expect(await logged(ENDED)).toMatchObject({
    code: "1",
    stderr: expect.stringContaining("not an address: nowhere"),
  });
  await server.close();
});

test("other settings while it runs: another address, nothing, and an address again; counts go on", async () => {
  await using world = await lake();
  const { events, summary } = await world.pass();
  await using served = await serve(world);
  for (const event of events) served.server.observe(event);
  const path = join(world.root, "page.sock");
  await served.server.change(begin(world, { listen: path }).settings);
  await served.logged(SERVED);
  await expect(ask(served.url, "/healthz")).resolves.toMatchObject({ body: "" });
  expect(await metric(`unix:${path}`, "read_bytes_total")).toBe(summary.readBytes);
  await served.server.change(world.settings());
  expect(serverPids(process.pid)).toEqual([]);
  await served.server.change(begin(world).settings);
  const { url } = await served.logged(SERVED);
  expect(await metric(String(url), "read_bytes_total")).toBe(summary.readBytes);
});

test("where http.listen says nothing, no process is started, and everything can be called", async () => {
  await using world = await lake();
  const { events, summary } = await world.pass();
  const { log, live, lines } = begin(world);
  const server = startServer({ settings: world.settings(), log, live: () => live });
  for (const event of events) server.observe(event);
  server.passed({ summary, isDrained: true });
  expect(serverPids(process.pid)).toEqual([]);
  await server.close();
  expect(lines).toEqual([]);
});

test("a server that cannot be started, since Node is gone or the system refuses, is started once it can be", async () => {
  await using world = await lake();
  const { execPath } = process;
  const { settings, log, live, logged } = begin(world);
  process.execPath = "/nowhere/node";
  const server = startServer({ settings, log, live: () => live });
  expect(await logged(ENDED)).toMatchObject({ code: "spawn /nowhere/node ENOENT" });
  process.execPath = execPath;
  // More than a new process may be given.
  process.env["TOO_MUCH"] = "x".repeat(8 * 1024 ** 2);
  expect(await logged(ENDED)).toMatchObject({ code: "spawn E2BIG" });
  delete process.env["TOO_MUCH"];
  await logged(SERVED);
  await server.close();
});
