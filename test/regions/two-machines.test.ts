import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStaging } from "../../src/config/load.ts";
import { cleanUp } from "../../src/regions/cleanup.ts";
import { documentBytes, newId } from "../../src/regions/document.ts";
import { extendStaging } from "../../src/regions/extend.ts";
import { openRegions, type Region } from "../../src/regions/region.ts";
import { removeStaging } from "../../src/regions/remove.ts";
import { findStaging } from "../../src/regions/stagings.ts";
import { openStaging } from "../../src/store/open.ts";
import type { StagingStore } from "../../src/store/staging-store.ts";
import { startHttpProxy } from "../helpers/http-proxy.ts";
import { whyNoRgw } from "../helpers/rgw.ts";
import { keysOf, startTwoRegions, type TwoRegions } from "./two-regions.ts";
import { createTurns, type Machine, type Turns } from "./turns.ts";

if (whyNoRgw !== undefined) process.stdout.write(`no machines meet: ${whyNoRgw}\n`);
const there = test.skipIf(whyNoRgw !== undefined);

/** Interleavings: `npm run interleavings` has more. */
const COUNT = Number(process.env["INTERLEAVINGS"] ?? 10);
const SEED = Number(process.env["SEED"] ?? 1);
const PATIENCE_MS = 480_000 + COUNT * 5000;
const { signal } = new AbortController();

const ends = new AsyncDisposableStack();
let here: TwoRegions;
let regions: readonly Region[];
let store: StagingStore;
beforeAll(async () => {
  if (whyNoRgw !== undefined) return;
  here = ends.use(await startTwoRegions());
  regions = await regionsHere();
  store = openStaging(join(here.root, "state"));
  ends.defer(() => store.close());
});
afterAll(() => ends.disposeAsync());

function regionsHere(): Promise<readonly Region[]> {
  const settings = loadStaging({ config: here.config, env: {} });
  return openRegions({ settings, signal }, ["east", "west"]);
}

/** A staging of one file, whole in both regions, whose time is over. */
async function staged(): Promise<string> {
  const id = newId();
  const put = async (region: "east" | "west") => {
    const bucket = here[region];
    const about = { staging_id: id, filename: "f", kind: "file", size_bytes: 1, file_count: 1 };
    const times = {
      uploaded_at: "2020-01-01T00:00:00.000Z",
      expires_at: "2020-01-02T00:00:00.000Z",
    };
    const hashes = { sha256: null, files_sha256: null, completed_at: times.uploaded_at };
    const more = { reason: null, destination: "/f", sweep_id: id, source_path: "/f" };
    const where = { regions: ["east", "west"], region, state: "complete" };
    const document = { ...about, ...times, ...hashes, ...more, ...where } as const;
    const bytes = documentBytes(document as Parameters<typeof documentBytes>[0]);
    await Promise.all([bucket.put(`${id}/f`, "x"), bucket.put(`${id}/_staging.json`, bytes)]);
  };
  await Promise.all([put("east"), put("west")]);
  return id;
}

/** A staging as both buckets say and have it. */
async function seen(id: string) {
  const [found, ...keys] = await Promise.all([
    findStaging(regions, id, signal).catch(() => undefined),
    keysOf(here.east, id),
    keysOf(here.west, id),
  ]);
  const states = found?.view.regions.map(({ state }) => state) ?? [];
  const isWrong = states.some(
    (state, i) => state === "complete" && keys[i]?.includes("f") !== true,
  );
  return { view: found?.view, keys, isWrong };
}

async function removeAll(id: string): Promise<void> {
  for (const bucket of [here.east, here.west])
    for (const key of await keysOf(bucket, id)) await here.remove(bucket, `${id}/${key}`);
}

type Act = (regions: readonly Region[], id: string) => Promise<unknown>;

/** Each looks first, as the command does. */
const acts = {
  update: async (own: readonly Region[], id: string) =>
    await extendStaging(await findStaging(own, id, signal), 3),
  delete: async (own: readonly Region[], id: string) =>
    await removeStaging(await findStaging(own, id, signal), () => true, signal),
  cleanup: async (own: readonly Region[], id: string) =>
    await cleanUp(own, {
      isExpired: true,
      sweepId: id,
      documents: store.documents,
      signal,
      onProblem: () => {},
    }),
} satisfies Record<string, Act>;
type ActName = keyof typeof acts;

/** Two machines, the order of their requests, and the turn at which one of them dies. */
const story = fc.record({
  one: fc.constantFrom<ActName>("update", "update", "update", "delete", "cleanup"),
  two: fc.constantFrom<ActName>("delete", "cleanup"),
  order: fc.array(fc.nat(), { minLength: 100, maxLength: 100, size: "max" }),
  death: fc.option(fc.record({ turn: fc.nat(40), who: fc.nat(1) }), { freq: 3 }),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

interface Played {
  readonly id: string;
  readonly ends: readonly (PromiseSettledResult<unknown> | undefined)[];
  /** Turns after which it was shown as whole and was not. */
  readonly wrong: number;
}

/** Plays a story; each machine's regions are `open`'s. */
async function play(
  { one, two, order, death }: Story,
  turns: Turns,
  open: (machine: Machine, i: number) => readonly Region[],
): Promise<Played> {
  const id = await staged();
  const machines = [{ isDead: false }, { isDead: false }] as const;
  const ends: (PromiseSettledResult<unknown> | undefined)[] = [undefined, undefined];
  [one, two].forEach((name, i) => {
    const own = open(machines[i] as Machine, i);
    void Promise.allSettled([acts[name](own, id)]).then(([end]) => (ends[i] = end));
  });
  let wrong = 0;
  await turns.run({
    choose: (count) => (order.pop() ?? 0) % count,
    onTurn(n) {
      if (n === death?.turn) (machines[death.who] as Machine).isDead = true;
    },
    async onChanged() {
      if ((await seen(id)).isWrong) wrong += 1;
    },
  });
  return { id, ends, wrong };
}

/** Plays stories; `check` sees how each ended. Says what became of them. */
async function playAll(
  openOf: (turns: Turns) => (machine: Machine, i: number) => readonly Region[],
  check: (played: Played, told: Story) => Promise<void>,
): Promise<void> {
  const outcomes = new Map<string, number>();
  const property = fc.asyncProperty(story, async (told) => {
    const turns = createTurns();
    const played = await play({ ...told, order: [...told.order] }, turns, openOf(turns));
    const { id, wrong } = played;
    const one = isExtended(played, told) ? "updated" : told.one;
    const { view } = await seen(id);
    const name = `${one}, ${told.two}: ${view?.state ?? "gone"}${wrong > 0 ? " (half)" : ""}`;
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    await check(played, told);
    await removeAll(id);
  });
  await fc.assert(property, { numRuns: COUNT, seed: SEED });
  const texts = [...outcomes].map(([name, count]) => `${count} × ${name}`);
  process.stdout.write(`${COUNT} interleavings, seed ${SEED}: ${texts.join("; ")}\n`);
}

function isExtended({ ends }: Played, { one }: Story): boolean {
  return one === "update" && ends[0]?.status === "fulfilled";
}

function gatedBy(turns: Turns, own: readonly Region[], machine: Machine): readonly Region[] {
  return own.map((region) => ({ ...region, bucket: turns.gated(region.bucket, machine) }));
}

there(
  "of two machines at a staging neither leaves half of it that is shown as whole",
  async () => {
    await playAll(
      (turns) => (machine) => gatedBy(turns, regions, machine),
      async (played, told) => {
        expect(played.wrong).toBe(0);
        const { view, keys } = await seen(played.id);
        const [first, second] = played.ends;
        if (isExtended(played, told) && told.two === "cleanup") {
          const expires_at = first?.status === "fulfilled" ? first.value : undefined;
          expect(view).toMatchObject({ state: "complete", expires_at });
          const all = ["_staging.json", "f"];
          expect(keys).toEqual([all, all]);
        }
        // Who deletes and lives leaves nothing.
        if (second?.status === "fulfilled" && told.two === "delete") expect(keys).toEqual([[], []]);
      },
    );
  },
  PATIENCE_MS,
);

/** Regions of a store without conditions, and the machine whose requests come through them now. */
async function withoutConditions() {
  const now: { turns?: Turns; machine?: Machine } = {};
  const start = async (to: URL) =>
    ends.use(
      await startHttpProxy(to, async ({ method, path, headers }) => {
        if (method !== "PUT" || !path.endsWith("/_staging.json")) return undefined;
        if (headers["if-match"] !== undefined || headers["if-none-match"] !== undefined)
          return { status: 501, word: "NotImplemented" };
        // Between its look and its change others may have their turns.
        const { turns, machine } = now;
        const goesOn =
          turns !== undefined && machine !== undefined && (await turns.within(machine));
        return goesOn ? undefined : { status: 400, word: "Dead" };
      }),
    );
  const [east, west] = [await start(here.urls.east), await start(here.urls.west)];
  await here.configure({ east: east.url, west: west.url });
  const own = await regionsHere();
  await here.configure({});
  return { now, own };
}

there(
  "a store without conditions leaves a window, to updates alone",
  async () => {
    const both = [await withoutConditions(), await withoutConditions()];
    await playAll(
      (turns) => (machine, i) => {
        const { now, own } = both[i] as (typeof both)[number];
        Object.assign(now, { turns, machine });
        return gatedBy(turns, own, machine);
      },
      // Of an update that looked before, and wrote after, the other one had begun to delete.
      async ({ wrong }, { one }) => {
        if (wrong > 0) expect(one).toBe("update");
      },
    );
  },
  PATIENCE_MS,
);
