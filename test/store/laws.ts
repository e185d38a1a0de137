import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Failed, Sampled } from "../../src/job.ts";
import type { Checkpoint, Entry } from "../../src/manifest/types.ts";
import type { Claim, ClaimOptions, Settled } from "../../src/store/drain-store.ts";
import type { Batch } from "../../src/store/ingest-store.ts";
import type { RawBatch, RawTaken } from "../../src/store/raw-store.ts";
import type { Store } from "../../src/store/store.ts";
import { joinNames } from "../../src/raw/names.ts";
import type { ListingEnd, RawFile } from "../../src/raw/types.ts";
import { allOf } from "../helpers/all-of.ts";
import { namedAs } from "../helpers/named.ts";
import { SAMPLED } from "../helpers/sampled.ts";

const [A, B] = ["acme/orders/v1", "acme/returns/v1"];
/** ms since epoch. */
const NOW = 1_000_000;
const FAILED: Failed = { outcome: "failed", code: "TIMEOUT", message: "late", readBytes: 0, ms: 1 };
const everything = { hasDataset: () => true, hasRaw: () => true };

/**
 * The laws of every store; `open` opens the one of a state directory, again after it was closed.
 */
export function storeLaws(name: string, open: (state: string) => Promise<Store>): void {
  /** Does something with a store of its own. */
  async function withStore(work: (store: Store, again: () => Promise<Store>) => Promise<void>) {
    const state = await mkdtemp(join(tmpdir(), "sampler-store-"));
    let store = await open(state);
    try {
      await work(store, async () => {
        await store.close();
        store = await open(state);
        return store;
      });
    } finally {
      await store.close();
      await rm(state, { recursive: true });
    }
  }

  describe(name, () => {
    test("lines of one raw are one entry, and the last of them is the one that is done", () =>
      withStore(async (store) => {
        const accepted = await accept(store, A, [entry("a", 1), entry("b"), entry("a", 2)]);
        expect(accepted).toEqual({ due: 2, unchanged: 0, superseded: 1 });
        const claims = await claim(store);
        expect(claims.map(({ job }) => [job.raw, job.mtime])).toEqual(
          expect.arrayContaining([
            ["a", 2],
            ["b", 1],
          ]),
        );
        expect(claims).toHaveLength(2);
      }));

    test("series are kept by their keys, and the ones not seen for longest are forgotten first", () =>
      withStore(async (store, again) => {
        await accept(store, A, [entry("a")]);
        const series = (sizes: number[]) => ({ versions: [], sizes, isSmall: false });
        const options = { now: NOW, most: 2 };
        await store.drift.saveSeries(A, new Map([["x", series([1])]]), options);
        await store.drift.saveSeries(A, new Map([["y", series([2])]]), {
          ...options,
          now: NOW + 1,
        });
        await store.drift.saveSeries(A, new Map([["x", series([3])]]), {
          ...options,
          now: NOW + 2,
        });
        await store.drift.saveSeries(A, new Map([["z", series([4])]]), {
          ...options,
          now: NOW + 3,
        });
        const kept = (await again()).drift;
        expect(await kept.series(A, ["x", "y"])).toEqual(new Map([["x", series([3])]]));
        expect(await kept.series(B, ["x"])).toEqual(new Map());
        const all = await allOf(kept.allSeries(A));
        expect(all.map(({ key, seenAt }) => [key, seenAt - NOW])).toEqual([
          ["z", 3],
          ["x", 2],
        ]);
        expect(await kept.forgetSeries(A, "x")).toBe(true);
        expect(await kept.forgetSeries(A, "x")).toBe(false);
      }));

    test("entries and checkpoint move together, or neither does", () =>
      withStore(async (store, again) => {
        await accept(store, A, [entry("a")], [checkpoint(10)]);
        const expectedFor = () => {
          throw new Error("no name");
        };
        const batch = batchOf(A, [entry("b")], [checkpoint(20)]);
        await expect(store.ingest.accept({ ...batch, expectedFor }, NOW)).rejects.toThrow(
          "no name",
        );
        const reopened = await again();
        expect(await reopened.ingest.checkpoints(A)).toMatchObject([{ offset: 10 }]);
        expect((await claim(reopened)).map(({ job }) => job.raw)).toEqual(["a"]);
      }));

    test("what was sampled is unchanged with the same mtime, and due with any other", () =>
      withStore(async (store) => {
        await accept(store, A, [entry("a", 5)]);
        await settleAll(store);
        expect(await accept(store, A, [entry("a", 5)])).toMatchObject({ unchanged: 1, due: 0 });
        expect(await claim(store)).toEqual([]);
        expect(await accept(store, A, [entry("a", 4)])).toMatchObject({ unchanged: 0, due: 1 });
        expect(await claim(store)).toHaveLength(1);
      }));

    test("a sample of an older version does not settle the newer line that came meanwhile", () =>
      withStore(async (store) => {
        await accept(store, A, [entry("a", 1)]);
        const [old] = await claim(store);
        await accept(store, A, [entry("a", 2)]);
        await store.drain.settle([settled(old as Claim, SAMPLED)], NOW);
        const [next] = await claim(store);
        expect(next?.job.mtime).toBe(2);
        await store.drain.settle([settled(next as Claim, FAILED, NOW + 1)], NOW);
        await accept(store, A, [entry("a", 3)]);
        await store.drain.settle([settled(next as Claim, FAILED, null)], NOW);
        expect((await claim(store)).map(({ job }) => job.mtime)).toEqual([3]);
      }));

    test("datasets have turns, however much is due in one of them", () =>
      withStore(async (store) => {
        const many = Array.from({ length: 500 }, (_, i) => entry(`${i}`));
        await accept(store, A, many);
        await accept(store, B, [entry("x"), entry("y")]);
        const claims = await claim(store, { limit: 10 });
        expect(claims.length).toBeGreaterThan(2);
        expect(claims.length).toBeLessThanOrEqual(10);
        const ofB = claims.filter(({ job }) => job.dataset === B);
        expect(ofB.map(({ job }) => job.raw).toSorted()).toEqual(["x", "y"]);
      }));

    test("no raw that is in work is claimed again, and nothing of a dataset that is left out", () =>
      withStore(async (store) => {
        await accept(store, A, [entry("a"), entry("b")]);
        await accept(store, B, [entry("c")]);
        const claims = await claim(store, {
          skips: (dataset) => dataset === B,
          isBusy: (dataset, raw) => dataset === A && raw === "a",
          busyCount: (dataset) => (dataset === A ? 1 : 0),
        });
        expect(claims.map(({ job }) => job.raw)).toEqual(["b"]);
      }));

    test("a failure is due when it is to be tried again, a dead letter never, until somebody asks", () =>
      withStore(async (store) => {
        await accept(store, A, [entry("a"), entry("b")]);
        for (const one of await claim(store)) {
          const nextAt = one.job.raw === "a" ? NOW + 5000 : null;
          await store.drain.settle([settled(one, FAILED, nextAt)], NOW);
        }
        expect(await store.drain.nextRetry(NOW)).toBe(NOW + 5000);
        expect(await claim(store)).toEqual([]);
        const [tried] = await claim(store, { now: NOW + 5000 });
        expect(tried).toMatchObject({ attempts: 1, failedAt: NOW, outcome: "failed" });
        expect(await store.changes.retry(everything, NOW)).toEqual(new Map([[A, 2]]));
        expect(await claim(store)).toHaveLength(2);
      }));

    test("a sample's name belongs to one raw, for ever", () =>
      withStore(async (store) => {
        const names = (plain: string, raw: string) => ({ plain, ifTaken: () => `${plain}.${raw}` });
        const expectedFor = (raw: string) => ({ names: names("same", raw), extension: null });
        const batch = batchOf(A, [entry("a"), entry("b")]);
        await store.ingest.know(A);
        await store.ingest.accept({ ...batch, expectedFor }, NOW);
        const claims = await claim(store);
        expect(claims.map(({ job }) => job.name).toSorted()).toEqual(["same", "same.b"]);
        const [first] = claims as [Claim];
        expect(await store.drain.rename(first, names("other", "a"), ".txt")).toBe("other");
        await store.drain.settle(
          claims.map((one) => settled(one, SAMPLED)),
          NOW,
        );
        await accept(store, A, [entry("c")]);
        const [later] = (await claim(store)) as [Claim];
        expect(await store.drain.rename(later, names("same", "c"), null)).toBe("same.c");
      }));

    test("a raw that got another name is found once, and one that is no UTF-8 by its beginning", () =>
      withStore(async (store) => {
        const raws = ["raw/a.csv", "raw/\udcff.csv"];
        await accept(
          store,
          A,
          raws.map((raw) => entry(raw)),
        );
        for (const one of await claim(store)) {
          const plain = `${one.job.raw === raws[0] ? "a" : "_"}_sample.bin`;
          await store.drain.rename(one, { plain, ifTaken: () => plain }, ".bin");
        }
        const found = raws.map((raw) => ({ dataset: A, raw }));
        const part = { text: ".CSV", datasets: [A], count: 9 };
        expect(await store.queries.rawsContaining(part)).toEqual(expect.arrayContaining(found));
        expect(await store.queries.rawsContaining(part)).toHaveLength(2);
        expect(await store.queries.rawsEnding({ raw: "a.csv", count: 2 })).toEqual([found[0]]);
        expect(await store.queries.rawsBeginning({ raw: "raw/", count: 9 })).toEqual(found);
      }));

    test("samples are pruned in the order of their age, and none for which a newer line came", () =>
      withStore(async (store) => {
        await accept(store, A, [entry("a"), entry("b"), entry("c")]);
        for (const [i, one] of (await claim(store)).entries())
          await store.drain.settle([settled(one, SAMPLED)], NOW + i);
        const all = { after: { sampledAt: -1, raw: "" }, before: { sampledAt: NOW * 2, raw: "" } };
        const oldest = await store.upkeep.oldestSamples(A, all, 10);
        expect(oldest.map(({ sampledAt }) => sampledAt)).toEqual([NOW, NOW + 1, NOW + 2]);
        await accept(store, A, [entry((oldest[1] as Entry).raw, 9)]);
        const removed: string[] = [];
        const removal = await store.upkeep.prune(A, oldest, (sample) => {
          if (removed.length === 1) throw new Error("no");
          removed.push(sample);
        });
        expect(removal.removed.map(({ sample }) => sample)).toEqual(removed);
        expect(removal.failure).toMatchObject({ message: "no" });
        const [totals] = await store.queries.totals(NOW * 2);
        expect(totals).toMatchObject({ entries: 3, sampled: 2, pruned: 1, due: 1 });
      }));

    test("what is not on stable storage is remembered until it is, and lost samples are due again", () =>
      withStore(async (store, again) => {
        await accept(store, A, [entry("a"), entry("b")]);
        await settleAll(store);
        const reopened = await again();
        const queue = await reopened.upkeep.unsynced(10);
        expect(queue).toMatchObject([{ dataset: A }, { dataset: A }]);
        expect(await reopened.upkeep.finishSync(queue, queue.slice(0, 1), NOW)).toBe(1);
        expect(await reopened.upkeep.unsynced(10)).toEqual([]);
        expect(await claim(reopened)).toHaveLength(1);
      }));

    test("raw files that were found come before what lines have named, in their dataset", () =>
      withStore(async (store) => {
        await accept(store, A, [entry("a"), entry("b")]);
        await take(store, [file("c"), file("d")]);
        const first = await claim(store, { limit: 3 });
        expect(first.map(({ job }) => job.raw)).toEqual(["raw/c", "raw/d", "a"]);
        expect(first.map(({ job }) => job.inode)).toEqual(["1", "1", undefined]);
        expect(first[0]?.job.bronze).toBe("raw/c");
        expect(await claim(store)).toHaveLength(4);
      }));

    test("files that were found and their directory are remembered together, or neither is", () =>
      withStore(async (store, again) => {
        const batch = { ...rawBatch([file("a")]), expectedFor: noName };
        await expect(store.raw.take(batch, NOW)).rejects.toThrow("no name");
        const reopened = await again();
        expect(await reopened.raw.directories(A)).toEqual([]);
        expect(await claim(reopened)).toEqual([]);
        await take(reopened, [file("a")]);
        expect(await reopened.raw.directories(A)).toEqual([
          { path: "raw", state: "s", listedAt: NOW },
          { path: "raw/below", state: "", listedAt: 0 },
        ]);
        expect(await reopened.raw.namesIn(A, "raw")).toBe("a");
        expect(await take(reopened, [file("a")])).toEqual({ due: 0, unchanged: 1 });
      }));

    test("neither a sample of the raw file nor its end settles the line that came meanwhile", () =>
      withStore(async (store) => {
        await take(store, [file("a"), file("b")]);
        const [a, b] = (await claim(store)) as [Claim, Claim];
        const lines = [entry("raw/a", 5), entry("raw/b", 5)];
        await accept(store, A, lines);
        const sampled: Sampled = { ...SAMPLED, from: "raw", mtime: 5, inode: "1" };
        await store.drain.settle([settled(a, sampled)], NOW);
        await store.drain.moved([b], NOW);
        await store.drain.postpone([{ claim: b, nextAt: NOW + 1 }], NOW);
        const still = await claim(store);
        expect(still.map(({ job }) => [job.bronze, job.inode, job.confirms])).toEqual([
          ["bronze/raw/a", undefined, undefined],
          ["bronze/raw/b", undefined, undefined],
        ]);
      }));

    test("a line confirms a sample of the raw file once, and a look does not undo that", () =>
      withStore(async (store) => {
        await take(store, [file("a")]);
        const [found] = (await claim(store)) as [Claim];
        const sampled: Sampled = { ...SAMPLED, from: "raw", mtime: 5, inode: "1" };
        await store.drain.settle([settled(found, sampled)], NOW);
        expect(await accept(store, A, [entry("raw/a", 5)])).toMatchObject({ due: 1 });
        const [named] = (await claim(store)) as [Claim];
        expect(named.job.confirms).toEqual({ sourceSize: 30, bytes: 10, format: "csv", rows: 3 });
        await store.drain.confirm([named], NOW);
        expect(await claim(store)).toEqual([]);
        expect(await accept(store, A, [entry("raw/a", 5)])).toMatchObject({ unchanged: 1 });
        expect(await take(store, [file("a")])).toEqual({ due: 0, unchanged: 1 });
        expect(await store.queries.entriesOf("raw/a", A)).toMatchObject([
          { from: "raw", confirmed: true, outcome: "sampled" },
        ]);
      }));

    test("totals stay true where a dataset is forgotten, and found again, while its files are in work", () =>
      withStore(async (store) => {
        await take(store, [file("a")]);
        const [first] = (await claim(store)) as [Claim];
        await store.drain.settle([settled(first, FAILED, NOW)], NOW);
        const [again] = (await claim(store)) as [Claim];
        while ((await store.upkeep.forgetSome(A, () => {})) > 0);
        await store.upkeep.forgetRest(A, NOW);
        await store.ingest.know(A);
        await take(store, [file("a")]);
        const sampled: Sampled = { ...SAMPLED, from: "raw", mtime: 5, inode: "1" };
        await store.drain.settle([settled(again, sampled)], NOW);
        const [totals] = await store.queries.totals(NOW);
        expect(totals).toMatchObject({ entries: 1, sampled: 1, failed: 0 });
      }));

    test("files of a directory that is gone are missed, and are not when they are back", () =>
      withStore(async (store) => {
        await take(store, [file("a")]);
        const [found] = (await claim(store)) as [Claim];
        await store.drain.moved([found], NOW);
        await store.raw.removeDirectory(A, "raw", NOW);
        expect(await store.queries.entriesOf("raw/a", A)).toMatchObject([
          { waiting: false, outcome: null, goneAt: new Date(NOW).toISOString() },
        ]);
        expect(await take(store, [file("a")])).toEqual({ due: 1, unchanged: 0 });
        expect(await store.queries.entriesOf("raw/a", A)).toMatchObject([
          { waiting: true, goneAt: null },
        ]);
      }));

    test("a raw that was forgotten does not come back with its old line; a dataset is gone as a whole", () =>
      withStore(async (store) => {
        await accept(store, A, [entry("a", 7), entry("b")]);
        await settleAll(store);
        const removed: string[] = [];
        const remove = (sample: string) => void removed.push(sample);
        await store.upkeep.forgetRaw(A, "a", { remove, now: NOW });
        expect(await accept(store, A, [entry("a", 7)])).toMatchObject({ unchanged: 1 });
        expect(await accept(store, A, [entry("a", 8)])).toMatchObject({ due: 1 });
        while ((await store.upkeep.forgetSome(A, remove)) > 0);
        await store.upkeep.forgetRest(A, NOW);
        expect(removed).toHaveLength(2);
        expect(await store.queries.datasets()).toEqual([]);
        expect(await store.ingest.hasEntries(A)).toBe(false);
      }));

    test("what receipts say is put back, in whatever order they come", () =>
      withStore(async (store) => {
        const receipt = { bronze: "bronze/a", format: "csv", rows: 1, bytes: 2, sourceSize: 3 };
        const sampled = { ...receipt, raw: "a", outcome: "sampled", sample: "a_s" } as const;
        const unknown = { extension: null, validation: null, code: null, message: null };
        const nothing = { ...unknown, from: null, inode: null, mask: null };
        await store.ingest.know(A);
        const rebuild = await store.ingest.rebuild(A);
        await rebuild([{ ...sampled, ...nothing, mtime: 2, settledAt: 20 }]);
        await rebuild([{ ...sampled, ...nothing, mtime: 1, settledAt: 10 }]);
        expect(await store.queries.entriesOf("a", A)).toMatchObject([
          { mtime: 2, outcome: "sampled" },
        ]);
        expect(await accept(store, A, [entry("a", 2)])).toMatchObject({ unchanged: 1 });
      }));

    test("the last line of each raw comes back from lines that are collected, and no other", () =>
      withStore(async (store) => {
        await store.ingest.know(A);
        const lines = await store.ingest.sortedLines(A);
        const some = Array.from({ length: 20_000 }, (_, i) => entry(`${(i * 7919) % 9000}`, i));
        await lines.add(some);
        const all = (await allOf(lines.pages())).flat();
        const last = new Map(some.map(({ raw, mtime }) => [raw, mtime]));
        expect(new Map(all.map(({ raw, mtime }) => [raw, mtime]))).toEqual(last);
        expect(all).toHaveLength(last.size);
        expect(lines.count()).toBe(some.length);
        await lines.end();
      }));

    test("bad lines stay acknowledged when they are found again", () =>
      withStore(async (store) => {
        const bad = { path: "processed.jsonl", line: 3, offset: 40, reason: "no JSON" };
        await accept(store, A, [], [], [bad]);
        const acknowledgement = { ...everything, isUndone: false };
        expect(await store.changes.acknowledgeLines(acknowledgement, NOW)).toEqual(
          new Map([[A, 1]]),
        );
        await store.ingest.forgetRejected(A);
        await accept(store, A, [], [], [bad]);
        await store.ingest.endRejected(A);
        expect(await allOf(store.queries.rejectedLines(everything))).toMatchObject([
          { line: 3, acknowledged: true },
        ]);
        expect(await store.queries.acknowledgedLines(A)).toMatchObject([{ line: 3, count: 1 }]);
      }));

    test("what a process says is there for the next one", () =>
      withStore(async (store, again) => {
        expect(await store.process.wasStoppedCleanly()).toBeUndefined();
        await store.process.setWorking();
        await store.process.setBootId("this one");
        const day = 24 * 3_600_000;
        expect([...(await store.process.countDeaths([], NOW))]).toEqual([]);
        await store.process.countDeaths(["0123", "4567"], NOW - day);
        await store.process.countDeaths(["0123", "89ab"], NOW - 1);
        await store.process.setDeaths("89ab", 0, NOW);
        await store.process.setDeaths("cdef", 4, NOW);
        const wait = { dataset: A, code: "OVER_BUDGET", message: "full", at: NOW } as const;
        await store.process.rememberWaits([wait], true);
        const reopened = await again();
        expect(await reopened.process.wasStoppedCleanly()).toBe(false);
        expect(await reopened.process.bootId()).toBe("this one");
        const deaths = await reopened.process.countDeaths(["cdef"], NOW);
        expect([...deaths].toSorted()).toEqual([
          ["0123", 2],
          ["cdef", 5],
        ]);
        expect(await reopened.process.waits()).toEqual([wait]);
        await reopened.process.setStoppedCleanly();
        expect(await reopened.process.wasStoppedCleanly()).toBe(true);
      }));

    test("names that are no UTF-8 are kept byte by byte", () =>
      withStore(async (store) => {
        const raw = "raw/\udcff\udc80.csv";
        await accept(store, A, [{ raw, bronze: raw, mtime: 1 }]);
        const [one] = await claim(store);
        expect(one?.job).toMatchObject({ raw, bronze: raw });
        await settleAll(store);
        expect(await store.queries.entriesOf(raw)).toMatchObject([{ raw, outcome: "sampled" }]);
        expect(await store.queries.missingOf(A, [raw, "other"])).toEqual(["other"]);
      }));
  });
}

function entry(raw: string, mtime = 1): Entry {
  return { raw, bronze: `bronze/${raw}`, mtime };
}

function checkpoint(offset: number): Checkpoint {
  return { file: "1", path: "processed.jsonl", offset, line: 1, hash: "h", retiredAt: null };
}

function file(name: string): RawFile {
  return { name, mtime: 5, size: 30, inode: "1", seen: "5", rests: false };
}

/** Files of the directory `raw`, which is listed to its end. */
function rawBatch(files: readonly RawFile[]): RawBatch {
  const end: ListingEnd = {
    directory: { path: "raw", state: "s", listedAt: NOW },
    names: joinNames(files.map(({ name }) => name)),
    gone: [],
    directories: ["raw/below"],
    count: files.length,
    unnamed: 0,
  };
  const pages = [{ path: "raw", came: files, end }];
  return { dataset: A, pages, quietSeconds: 60, expectedFor: namedAs };
}

function take(store: Store, files: readonly RawFile[]): Promise<RawTaken> {
  return store.raw.take(rawBatch(files), NOW);
}

function noName(): never {
  throw new Error("no name");
}

function batchOf(
  dataset: string,
  entries: readonly Entry[],
  checkpoints: readonly Checkpoint[] = [],
): Batch {
  return { dataset, entries, rejected: [], checkpoints, expectedFor: namedAs };
}

async function accept(
  store: Store,
  dataset: string,
  entries: readonly Entry[],
  checkpoints: readonly Checkpoint[] = [],
  rejected: Batch["rejected"] = [],
) {
  await store.ingest.know(dataset);
  return store.ingest.accept({ ...batchOf(dataset, entries, checkpoints), rejected }, NOW);
}

function claim(store: Store, options: Partial<ClaimOptions> = {}): Promise<readonly Claim[]> {
  return store.drain.claim({
    limit: 100,
    order: "oldest",
    now: NOW,
    isFirst: true,
    skips: () => false,
    isBusy: () => false,
    busyCount: () => 0,
    ...options,
  });
}

function settled(claimed: Claim, outcome: Sampled | Failed, nextAt: number | null = null): Settled {
  return { claim: claimed, outcome, nextAt };
}

async function settleAll(store: Store): Promise<void> {
  const claims = await claim(store);
  await store.drain.settle(
    claims.map((one) => settled(one, SAMPLED)),
    NOW,
  );
}
