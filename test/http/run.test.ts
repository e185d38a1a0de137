import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { ask } from "./requests.ts";
import { serverPids } from "./serve.ts";

const SERVED = "page, health and metrics are served";

async function lake(http: object): Promise<World> {
  const world = await createWorld({ http });
  await world.put("a.csv", rows(200));
  return world;
}

async function metricOf(url: string, name: string): Promise<string | undefined> {
  const { body } = await ask(url, "/metrics");
  const line = body.split("\n").find((each) => each.startsWith(`staging_sampler_${name} `));
  return line?.split(" ").at(-1);
}

test("the daemon serves what it does, as it does it, and takes the server with it when it is stopped", async () => {
  await using world = await lake({ listen: "127.0.0.1:0" });
  const daemon = await world.daemon();
  const { url, server } = await daemon.logged(SERVED);
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  const sampled = 'sampled_files_total{format="csv"}';
  while ((await metricOf(String(url), sampled)) !== "1");
  await world.put("b.csv", rows(200));
  while ((await metricOf(String(url), sampled)) !== "2");
  const health = JSON.parse((await ask(String(url), "/healthz")).body) as object;
  expect(health).toMatchObject({ status: "ok", pid: daemon.pid });
  const { body } = await ask(String(url), "/readyz");
  expect(JSON.parse(body)).toMatchObject({
    status: "ok",
    firstPassMayBegin: true,
    backlogFiles: 0,
  });
  expect(
    Number(await metricOf(String(url), "last_successful_pass_timestamp_seconds")),
  ).toBeGreaterThan(0);
  expect(serverPids(daemon.pid)).toEqual([server]);
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
  expect(() => process.kill(Number(server), 0)).toThrow("ESRCH");
  // Without a reader the cache is one file again.
  await expect(stat(join(world.state, "cache.db-wal"))).rejects.toThrow("ENOENT");
  expect(daemon.stderr()).toBe("");
});

test("SIGHUP switches it on, moves it and switches it off, and sampling goes on meanwhile", async () => {
  await using world = await lake({});
  const daemon = await world.daemon();
  await daemon.logged("sampled", { raw: "raw/a.csv" });
  expect(serverPids(daemon.pid)).toEqual([]);
  const path = join(world.root, "page.sock");
  const config = JSON.parse(await readFile(world.config, "utf8")) as object;
  for (const listen of ["127.0.0.1:0", path]) {
    await writeFile(world.config, JSON.stringify({ ...config, http: { listen } }));
    daemon.kill("SIGHUP");
    const { url } = await daemon.logged(SERVED);
    expect((await ask(String(url), "/readyz")).status).toBe(200);
    expect(await metricOf(String(url), 'sampled_files_total{format="csv"}')).toBe("1");
    expect(serverPids(daemon.pid)).toHaveLength(1);
    await daemon.logged("configuration read again");
  }
  await writeFile(world.config, JSON.stringify(config));
  daemon.kill("SIGHUP");
  await daemon.logged("configuration read again");
  expect(serverPids(daemon.pid)).toEqual([]);
  await world.put("b.csv", rows(200));
  await daemon.logged("sampled", { raw: "raw/b.csv" });
  daemon.kill("SIGTERM");
  expect(await daemon.exited()).toBe(0);
});

test("an address that cannot be had, and a server that is killed, cost the daemon nothing", async () => {
  await using world = await lake({ listen: "127.0.0.1:1" });
  await using other = await lake({ listen: "127.0.0.1:0" });
  const served = await other.daemon();
  const { url, server } = await served.logged(SERVED);
  await world.configure({ http: { listen: new URL(String(url)).host } });
  const refused = await world.daemon();
  const line = await refused.logged("page, health and metrics cannot be served; it is tried again");
  expect(line).toMatchObject({ code: "EADDRINUSE" });
  await refused.logged("sampled", { raw: "raw/a.csv" });
  process.kill(Number(server), "SIGKILL");
  await served.logged("the server of page and metrics ended; it is started again");
  await other.put("b.csv", rows(10));
  await served.logged("sampled", { raw: "raw/b.csv" });
  for (const daemon of [refused, served]) {
    daemon.kill("SIGTERM");
    expect(await daemon.exited()).toBe(0);
  }
});
