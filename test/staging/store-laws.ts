import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { StagingStore, StoredObject } from "../../src/store/staging-store.ts";

/** ms since epoch. */
const NOW = 1_000_000;
const owner = { pid: 1, boot: "boot" };
const progress = { phase: "transferring", bytes: 5, size: 10 } as const;
const [HASH_A, HASH_B] = ["aa".repeat(32), "bb".repeat(32)];

function object(key: string, sha256: string, bytes = 10): StoredObject {
  const location = `https://data.example.org/${key}`;
  return {
    key,
    location,
    version: '"1"',
    sha256,
    bytes,
    verified: true,
    encoding: undefined,
    encoded: undefined,
  };
}

/** Laws of every store of staging; `open` opens the one of a state directory, any number of times. */
export function stagingStoreLaws(name: string, open: (state: string) => StagingStore): void {
  /** Does something with two processes' views of one store. */
  async function withStores(work: (store: StagingStore, other: StagingStore) => Promise<void>) {
    const state = await mkdtemp(join(tmpdir(), "sampler-staging-store-"));
    const [store, other] = [open(state), open(state)];
    try {
      await work(store, other);
    } finally {
      await store.close();
      await other.close();
      await rm(state, { recursive: true });
    }
  }

  describe(name, () => {
    test("an object and its file are found by others, by key and by hash", () =>
      withStores(async ({ files }, other) => {
        await files.add(object("a", HASH_A), NOW);
        expect(await other.files.ofObject("a")).toEqual(object("a", HASH_A));
        expect(await other.files.withHash(HASH_A)).toEqual({ sha256: HASH_A, bytes: 10 });
        expect(await files.ofObject("b")).toBeUndefined();
        expect(await files.withHash(HASH_B)).toBeUndefined();
      }));

    test("two objects can have one file; an object that changes has another one", () =>
      withStores(async ({ files }) => {
        await files.add(object("a", HASH_A), NOW);
        await files.add(object("b", HASH_A), NOW + 1);
        const [file, ...rest] = await files.list();
        expect(rest).toEqual([]);
        expect(file).toMatchObject({ sha256: HASH_A, usedAt: NOW + 1 });
        expect(file?.locations.toSorted()).toEqual(
          ["a", "b"].map((key) => object(key, "").location),
        );
        await files.add({ ...object("b", HASH_B), version: undefined }, NOW);
        expect(await files.ofObject("b")).toMatchObject({ sha256: HASH_B, version: undefined });
        const encoded = { sha256: HASH_B, bytes: 3 };
        await files.add({ ...object("c", HASH_A), encoded, encoding: "gzip" }, NOW);
        expect(await files.ofObject("c")).toMatchObject({ encoded, encoding: "gzip" });
      }));

    test("a file that is removed is known of no object", () =>
      withStores(async ({ files }) => {
        await files.add(object("a", HASH_A), NOW);
        await files.add(object("b", HASH_B), NOW);
        await files.remove([HASH_A]);
        expect(await files.ofObject("a")).toBeUndefined();
        expect(await files.list()).toHaveLength(1);
      }));

    test("what is too much are the files used longest ago, none of a run, none used of late", () =>
      withStores(async ({ files, runs }) => {
        const hashes = ["11", "22", "33", "44"].map((pair) => pair.repeat(32));
        for (const [i, sha256] of hashes.entries())
          await files.add(object(sha256, sha256), NOW + i);
        await files.touch([hashes[0] as string], NOW + 10);
        await files.touch([hashes[1] as string], NOW - 10);
        const surplus = async (bytes: number, before = NOW + 20) =>
          (await files.surplus(bytes, before)).map(({ sha256 }) => sha256.slice(0, 2));
        expect(await surplus(40)).toEqual([]);
        expect(await surplus(20)).toEqual(["22", "33"]);
        expect(await surplus(0)).toEqual(["22", "33", "44", "11"]);
        expect(await surplus(0, NOW + 2)).toEqual(["22", "33"]);
        const run = { id: "r", directory: "/r", state: "ready" } as const;
        await runs.add({ ...run, createdAt: NOW, expiresAt: NOW, result: undefined });
        await runs.hold("r", [hashes[2] as string, hashes[2] as string]);
        expect(await surplus(20)).toEqual(["22", "44"]);
        await runs.remove("r");
        expect(await surplus(20)).toEqual(["22", "33"]);
      }));

    test("one has a lease at a time, and the others see how far it is", () =>
      withStores(async ({ leases }, other) => {
        const wanted = { key: "a", owner, from: undefined };
        expect(await leases.take({ ...wanted, token: "1" }, NOW)).toBe(true);
        expect(await other.leases.take({ ...wanted, token: "2" }, NOW)).toBe(false);
        expect(await leases.keep("a", "1", progress, NOW + 5)).toBe(true);
        const seen = await other.leases.look("a");
        expect(seen).toMatchObject({
          token: "1",
          owner,
          state: "held",
          beatAt: NOW + 5,
          ...progress,
        });
        await leases.remove("a", "1");
        expect(await other.leases.look("a")).toBeUndefined();
        expect(await other.leases.take({ ...wanted, token: "2" }, NOW)).toBe(true);
      }));

    test("a lease is taken from the holder that is gone, once, and that one notices", () =>
      withStores(async ({ leases }, other) => {
        await leases.take({ key: "a", token: "1", owner, from: undefined }, NOW);
        const from = "1";
        expect(await other.leases.take({ key: "a", token: "2", owner, from }, NOW)).toBe(true);
        expect(await other.leases.take({ key: "a", token: "3", owner, from }, NOW)).toBe(false);
        expect(await leases.keep("a", "1", progress, NOW)).toBe(false);
        await leases.release("a", "1", { code: "X", message: "" });
        await leases.remove("a", "1");
        expect(await leases.look("a")).toMatchObject({ token: "2", state: "held" });
      }));

    test("a lease that was released, or whose transfer failed, is free; the reason is told", () =>
      withStores(async ({ leases }, other) => {
        const wanted = { key: "a", owner, from: undefined };
        await leases.take({ ...wanted, token: "1" }, NOW);
        await leases.release("a", "1");
        expect(await other.leases.look("a")).toMatchObject({ state: "released", code: undefined });
        expect(await other.leases.take({ ...wanted, token: "2" }, NOW)).toBe(true);
        await other.leases.release("a", "2", { code: "FORBIDDEN", message: "no" });
        const failed = { state: "failed", code: "FORBIDDEN", message: "no" };
        expect(await leases.look("a")).toMatchObject(failed);
        expect(await leases.keep("a", "2", progress, NOW)).toBe(false);
        expect(await leases.take({ ...wanted, token: "3" }, NOW)).toBe(true);
        expect(await leases.look("a")).toMatchObject({ state: "held", code: undefined, bytes: 0 });
      }));

    test("runs are remembered as they were told, the newest first", () =>
      withStores(async ({ runs }, other) => {
        const run = { id: "r", directory: "/r", state: "staging", createdAt: NOW } as const;
        const one = { ...run, expiresAt: NOW + 1, result: undefined };
        await runs.add(one);
        await runs.add({ ...one, id: "s", createdAt: NOW + 1 });
        expect((await other.runs.list()).map(({ id }) => id)).toEqual(["s", "r"]);
        await other.runs.update("r", { state: "ready", result: { a: [1] } });
        const changed = { ...one, state: "ready", result: { a: [1] } };
        expect(await runs.find("r")).toEqual(changed);
        await runs.update("none", { state: "ready" });
        await runs.remove("r");
        expect(await other.runs.find("r")).toBeUndefined();
        expect(await other.runs.list()).toHaveLength(1);
      }));

    test("what buckets say of stagings is kept by region, and read again where it was outdated", () =>
      withStores(async ({ documents }, other) => {
        const uses = { "2026-11-30": 2 };
        const one = { key: "a/_staging.json", etag: "1", text: "{}", problem: undefined, uses };
        const two = { ...one, key: "b/_staging.json", text: "", problem: "no JSON", uses: {} };
        const read = { name: "east", readAt: NOW, tookMs: 5, problem: undefined };
        await documents.note({ ...read, changed: [one, two], gone: [] });
        await documents.note({ ...read, name: "west", changed: [two], gone: [] });
        expect(await other.documents.of("east")).toEqual([
          { ...one, region: "east" },
          { ...two, region: "east" },
        ]);
        const failed = { ...read, readAt: NOW + 1, problem: "it is down" };
        await other.documents.note({
          ...failed,
          changed: [{ ...one, etag: "2" }],
          gone: [two.key],
        });
        expect(await documents.of("east")).toEqual([{ ...one, etag: "2", region: "east" }]);
        expect(await documents.of("west")).toHaveLength(1);
        expect(await documents.regions()).toEqual([failed, { ...read, name: "west" }]);
        await documents.outdate(["west", "none"]);
        expect(await other.documents.regions()).toEqual([
          failed,
          { ...read, name: "west", readAt: 0 },
        ]);
      }));
  });
}
