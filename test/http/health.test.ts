import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.ts";
import { settingsOf } from "../../src/config/settings.ts";
import { idleDaemon } from "../helpers/daemon-state.ts";
import { healthOf, patienceOf } from "../../src/http/server/health.ts";
import { createWorld, rows } from "../helpers/world.ts";
import { ask } from "./requests.ts";
import { serve } from "./serve.ts";
import { endingWithUs } from "../helpers/child.ts";

const NOW = Date.parse("2026-01-18T14:30:00Z");

test.each([
  ["rests, for however long", { isIdle: true, progressAt: NOW - 86_400_000 }, NOW, "ok", null],
  ["works, and did something lately", { isIdle: false, progressAt: NOW - 80_000 }, NOW, "ok", null],
  [
    "has work and does nothing",
    { isIdle: false, progressAt: NOW - 91_000 },
    NOW,
    "failing",
    "the daemon has work, and has done nothing for 91 s",
  ],
  [
    "was not heard of, whatever it said last",
    { isIdle: true, progressAt: NOW },
    NOW - 31_000,
    "failing",
    "nothing was heard of the daemon for 31 s",
  ],
  ["set its clock back", { isIdle: false, progressAt: NOW + 3_600_000 }, NOW, "ok", null],
] as const)("a daemon that %s: %o", (_what, liveness, heardAt, status, reason) => {
  const health = healthOf({
    state: idleDaemon(NOW, { liveness }),
    heardAt,
    now: NOW,
    patienceMs: 90_000,
  });
  expect(health).toMatchObject({ status, reason });
});

test("one file may take as long as the longest limit says, and the daemon is not stuck", () => {
  const settings = (text: string) =>
    settingsOf({ config: parseConfig(text, "c.yaml"), prefix: "/lake", file: undefined });
  expect(patienceOf(settings(""))).toBe(124_000);
  const longer = "overrides: [{ datasets: a/**, limits: { seconds: 600 } }, { datasets: b/** }]";
  expect(patienceOf(settings(longer))).toBe(1_264_000);
});

test.concurrent("/healthz and /readyz say what the daemon told last, within a second or two", async ({
  expect: expects,
}) => {
  await using world = await createWorld();
  await world.put("a.csv", rows(10));
  await world.pass();
  await using served = await serve(world);
  const health = async (path: string): Promise<Record<string, unknown>> => {
    const { status, body } = await ask(served.url, path);
    return { code: status, ...(JSON.parse(body) as object) };
  };
  const says = (path: string) => expects.poll(() => health(path));
  await says("/healthz").toMatchObject({ code: 200, status: "ok", pid: process.pid });
  await says("/readyz").toMatchObject({ code: 200, status: "ok", backlogFiles: 0 });

  served.live.liveness = { isIdle: false, progressAt: Date.now() - 3_600_000 };
  served.live.passesWait = "others use 91 % of the processors";
  await says("/healthz").toMatchObject({ code: 503, status: "failing", idle: false });
  await says("/readyz").toMatchObject({
    code: 503,
    reason: expect.stringMatching(/^the daemon has work, and has done nothing for \d+ s$/),
    passesWait: "others use 91 % of the processors",
  });

  served.live.liveness = { isIdle: true, progressAt: Date.now() };
  served.live.isReady = false;
  await says("/healthz").toMatchObject({ code: 200 });
  await says("/readyz").toMatchObject({
    code: 503,
    reason: "the first pass has not begun",
    firstPassMayBegin: false,
    cacheReadable: true,
  });
});

test.concurrent("without a cache, with one that is broken, and with another one in its place: it says so, stays up, and reads it when it is there", async () => {
  await using world = await createWorld();
  await using served = await serve(world);
  const cache = join(world.state, "cache.db");
  async function expectNone(): Promise<void> {
    for (const path of ["/readyz", "/status.json"]) {
      const { status, body } = await ask(served.url, path);
      expect(status).toBe(503);
      expect(body).toContain("cache");
      expect(body).not.toContain(".ts:");
    }
    expect((await ask(served.url, "/healthz")).status).toBe(200);
    const metrics = await ask(served.url, "/metrics");
    expect(metrics.status).toBe(200);
    expect(metrics.body).toContain("\nstaging_sampler_cache_readable 0\n");
  }
  const entries = async () => {
    const { body } = await ask(served.url, "/status.json");
    return (JSON.parse(body) as { totals: { entries: number } }).totals.entries;
  };

  await expectNone();
  await mkdir(world.state, { recursive: true });
  await writeFile(cache, "no database ".repeat(1000));
  await expectNone();
  await rm(cache);

  await world.put("a.csv", rows(10));
  await world.pass();
  expect(await entries()).toBe(1);
  expect((await ask(served.url, "/readyz")).status).toBe(200);

  world.close();
  await rename(cache, join(world.root, "earlier.db"));
  await expectNone();
  await world.put("b.csv", rows(10));
  await world.pass();
  let found = await entries();
  // The report of a second ago may still be given.
  while (found !== 2) found = await entries();
});

test.concurrent("reading does not keep the daemon from making its cache one file again", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(10));
  await world.pass();
  await using served = await serve(world);
  expect((await ask(served.url, "/status.json")).status).toBe(200);
  await served.server.close();
  world.close();
  await expect(rm(join(world.state, "cache.db-wal"))).rejects.toThrow("ENOENT");
});

test.concurrent("storage that does not answer holds up neither health nor metrics: they have what was seen last", async (context) => {
  await using world = await createWorld();
  await world.put("a.csv", rows(10));
  await world.pass();
  await using served = await serve(world);
  const metrics = async () => (await ask(served.url, "/metrics")).body;
  expect(await metrics()).toContain("\nstaging_sampler_datasets 1\n");
  await using strace = hangStat(served.pid, world.path("manifests/processed.jsonl"));
  if (!(await strace.isAttached)) context.skip("no process can be traced here (needs strace)");
  // A report is good for two seconds; then it hangs at the manifest.
  while (!strace.said().includes("statx("))
    expect(await metrics()).toContain("\nstaging_sampler_datasets 1\n");
  expect(await metrics()).toContain("\nstaging_sampler_datasets 1\n");
  expect((await ask(served.url, "/healthz")).status).toBe(200);
  expect((await ask(served.url, "/readyz")).status).toBe(200);
});

interface Strace extends AsyncDisposable {
  readonly isAttached: Promise<boolean>;
  said(): string;
}

/** Looking at a path takes this process 5 s, as on storage that hangs. */
function hangStat(pid: number, path: string): Strace {
  const hang = ["-P", path, "-e", "inject=statx:delay_enter=5s"];
  const child = spawn(...endingWithUs("strace", ["-f", "-p", String(pid), ...hang]), {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
    resolve(said.includes(" attached"));
  });
  child.on("error", () => resolve(false));
  return {
    isAttached: promise,
    said: () => said,
    async [Symbol.asyncDispose]() {
      if (child.pid === undefined || child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
