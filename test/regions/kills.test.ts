import fc from "fast-check";
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Came, type HttpProxy, type Passing, startHttpProxy } from "../helpers/http-proxy.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { hashesIn, sha256Of, uploadsOf } from "./stored.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "./two-regions.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no upload is killed: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

/** Kills, for each kind of source: `npm run kills` has more. */
const KILLS = Number(process.env["KILLS"] ?? 1);
const SEED = Number(process.env["SEED"] ?? 1);
const PART_BYTES = 5 * 1024 ** 2;

/** The files of each source. */
const sources = {
  parts: { big: randomBytes(12 * PART_BYTES + 1000) },
  small: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, randomBytes(i)])),
  tree: { "a/big": randomBytes(2 * PART_BYTES + 1), "a/b/c": randomBytes(3), d: randomBytes(9) },
};
type Kind = keyof typeof sources;

let here: TwoRegions;
let proxies: readonly HttpProxy[] = [];
let onCame: (request: Passing) => void = () => {};
const ends = new AsyncDisposableStack();
beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  here = ends.use(await startTwoRegions());
  for (const [kind, files] of Object.entries(sources))
    for (const [name, bytes] of Object.entries(files)) await here.write(`${kind}/${name}`, bytes);
  const start = (to: URL) => startHttpProxy(to, (request) => void onCame(request));
  const [east, west] = [await start(here.urls.east), await start(here.urls.west)];
  proxies = [ends.use(east), ends.use(west)];
  await here.configure({ east: east.url, west: west.url, staging: { partBytes: PART_BYTES } });
});
afterAll(() => ends.disposeAsync());

/** Requests that send a file, or a part of one, or have it copied. */
function isSend({ method, path }: Passing): boolean {
  return method === "PUT" && !/\/_(files|staging)\.json/.test(path);
}

/** Kills an upload when its n-th request comes; gives its requests, and how many sent something then. */
async function killed(kind: Kind, n: number) {
  const counts = proxies.map((proxy) => proxy.came.length);
  const own = () => proxies.flatMap((proxy, i) => proxy.came.slice(counts[i]));
  let child: ChildProcess | undefined;
  let underWay = 0;
  let lastSend = 0;
  onCame = (request) => {
    if (isSend(request)) lastSend = own().length;
    if (own().length !== n) return;
    underWay = own().filter((each: Came) => isSend(each) && each.status === undefined).length;
    child?.kill("SIGKILL");
  };
  const source = kind === "parts" ? join(here.root, "parts/big") : join(here.root, kind);
  const { code } = await here.stage(["upload", source, "--regions", "east,west"], {
    onStart: (started) => void (child = started),
  });
  onCame = () => {};
  return { code, underWay, lastSend, own };
}

there.each(Object.keys(sources) as Kind[])(
  "%s, killed anywhere, go on, come whole to each region, and are not sent twice",
  async (kind) => {
    const whole = await killed(kind, 0);
    expect(whole.code).toBe(0);
    const requests = whole.own().length;
    const moments = fc.sample(fc.integer({ min: 2, max: requests }), {
      numRuns: KILLS,
      seed: SEED,
    });
    // The last part is copied last.
    for (const n of [whole.lastSend, ...moments]) {
      const { code, underWay, own } = await killed(kind, n);
      expect(code, `killed at ${n} of ${requests}`).toBeNull();
      const [id = ""] =
        /stage-[0-9a-f]{12}/.exec(
          own()
            .map(({ path }) => path)
            .join(" "),
        ) ?? [];
      const view = await here.json("info", id);
      if (view["state"] !== "complete") await here.json("resume", id);
      expect(await here.json("info", id)).toMatchObject({ state: "complete" });
      const sent = own()
        .filter(isSend)
        .map(({ path, query }) => `${path} ${query.get("partNumber")}`);
      const twice = sent.length - new Set(sent).size;
      expect(twice, `killed at ${n}: sent twice`).toBeLessThanOrEqual(underWay);
      const wanted = Object.entries(sources[kind]).map(([name, bytes]) => [name, sha256Of(bytes)]);
      for (const bucket of [here.east, here.west]) {
        expect(await hashesIn(bucket, id), `killed at ${n}`).toEqual(Object.fromEntries(wanted));
        expect(await uploadsOf(bucket, id), `killed at ${n}: uploads left`).toBe(0);
      }
      await here.json("delete", id, "-y");
      expect([await keysOf(here.east, id), await keysOf(here.west, id)]).toEqual([[], []]);
    }
  },
);
