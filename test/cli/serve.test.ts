import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { endingWithUs } from "../helpers/child.ts";
import { surroundings } from "../helpers/surroundings.ts";
import { createWorld, rows, type World } from "../helpers/world.ts";
import { fetchOnce } from "../helpers/fetch-once.ts";

const main = join(import.meta.dirname, "../../src/main.ts");
const forPeople = { headers: { Accept: "text/html" } };

/** Serves the pages of a lake by the command; `stop` ends it and returns its exit code. */
async function serving(world: World) {
  world.close();
  const args = [main, "serve", "--listen", "127.0.0.1:0"];
  const child = spawn(...endingWithUs(process.execPath, args), {
    env: { ...surroundings, STAGING_SAMPLER_CONFIG: world.config },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  let told = "";
  for await (const chunk of child.stderr) {
    told += String(chunk);
    if (told.includes("\n")) break;
  }
  const url = /http:\S+(?=,)/.exec(told)?.[0] ?? "";
  return {
    told,
    url,
    async stop(signal: NodeJS.Signals): Promise<unknown> {
      child.kill(signal);
      const [code] = (await ended) as [number | null];
      return code;
    },
  };
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "without a daemon the pages are shown until %s, and nothing is written",
  async (signal) => {
    await using world = await createWorld();
    await world.put("a.csv", rows(3));
    await world.pass();
    world.close();
    const before = await world.snapshot();
    const served = await serving(world);
    expect(served.told).toBe(`${world.prefix} is shown at ${served.url}, until Ctrl-C\n`);
    const page = await (await fetchOnce(served.url, forPeople)).text();
    expect(page).toContain("No daemon runs:");
    expect(page).toContain("none runs here");
    const address = "/entry?dataset=acme%2Forders%2Fv1&raw=raw%2Fa.csv";
    const entry = await (await fetchOnce(served.url + address, forPeople)).text();
    expect(entry).toContain("row 2");
    for (const path of ["/healthz", "/readyz", "/metrics", "/status.json"])
      expect((await fetchOnce(served.url + path)).status, path).toBe(404);
    expect(await served.stop(signal)).toBe(0);
    expect(await world.snapshot()).toEqual(before);
  },
);

test("beside a daemon it is shown as running, with its pid", async () => {
  await using world = await createWorld({ schedule: "0 0 29 2 *" });
  await world.put("a.csv", rows(3));
  const daemon = await world.daemon();
  await daemon.logged("pass");
  const served = await serving(world);
  const page = await (await fetchOnce(served.url, forPeople)).text();
  expect(page).not.toContain("No daemon runs:");
  expect(page).toContain(`pid ${daemon.lines[0]?.pid}`);
  expect(await served.stop("SIGTERM")).toBe(0);
  daemon.kill("SIGTERM");
  await daemon.exited();
});

test("a lake without a cache is shown as such", async () => {
  await using world = await createWorld();
  const served = await serving(world);
  const answer = await fetchOnce(served.url, forPeople);
  expect(await answer.text()).toContain("There is no cache to read:");
  await served.stop("SIGTERM");
});

test("an address at which nobody can listen is an error that says what to do", async () => {
  await using world = await createWorld();
  const bad = await world.run(["serve", "--listen", "nowhere"]);
  expect(bad.code).toBe(2);
  expect(bad.stderr).toMatch(/--listen nowhere: use host:port/);
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const taken = await world.run(["serve", "--listen", `127.0.0.1:${port}`]);
  expect(taken.code).toBe(2);
  expect(taken.stderr).toMatch(/cannot listen at .*choose another address/);
  other.close();
});
