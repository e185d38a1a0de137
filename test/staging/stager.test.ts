import { createHash, randomBytes } from "node:crypto";
import { chmod, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import type { Staged } from "../../src/staging/context.ts";
import { pruneStore, verifyStore } from "../../src/staging/store-upkeep.ts";
import { transferKey } from "../../src/staging/wanted.ts";
import { allOf } from "../helpers/all-of.ts";
import { startServer } from "../helpers/faulty-server.ts";
import { SECRET, startObjectServer } from "../helpers/object-server.ts";
import { testStager } from "./open-stager.ts";

const body = randomBytes(300_000);
/** Larger than what has no partial file. */
const large = randomBytes(2_000_000);
const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const partials = async (store: string) => await readdir(join(store, "partial"));

test("an object becomes a file of the store, whole and read-only", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const file = test.stager.file(server.url("a"));
  expect(file.state).toBe("not-staged");
  const staged = await file.ready();
  expect(file.state).toBe("staged");
  expect(staged).toMatchObject({ bytes: body.length, sha256: sha256Of(body), from: "transfer" });
  expect((await readFile(staged.path)).equals(body)).toBe(true);
  expect((await stat(staged.path)).mode & 0o777).toBe(0o440);
  expect(await partials(test.settings.store)).toEqual([]);
});

test("under a new signature it costs one conditional request; with its hash, none", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  await test.stager.file(server.url("a")).ready();
  const again = await test.stager.file(server.url("a")).ready();
  expect(again.from).toBe("store");
  expect(server.requests).toEqual(["200 a", "304 a"]);
  const known = await test.stager.file(server.url("a"), { sha256: sha256Of(body) }).ready();
  expect(known).toMatchObject({ from: "store", verified: true });
  expect(server.requests).toHaveLength(2);
});

test("an object that has changed is fetched again", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  await test.stager.file(server.url("a")).ready();
  const other = randomBytes(1000);
  server.objects.set("a", other);
  const staged = await test.stager.file(server.url("a")).ready();
  expect(staged).toMatchObject({ from: "transfer", sha256: sha256Of(other) });
  expect(server.requests).toEqual(["200 a", "200 a"]);
});

test("a stored file that is gone is fetched again", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const { path } = await test.stager.file(server.url("a")).ready();
  await rm(path);
  const staged = await test.stager.file(server.url("a")).ready();
  expect(staged.from).toBe("transfer");
  expect((await readFile(path)).equals(body)).toBe(true);
});

test("a store that is gone is filled again", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  await test.stager.file(server.url("a")).ready();
  await rm(test.settings.store, { recursive: true });
  const { path, from } = await test.stager.file(server.url("a")).ready();
  expect(from).toBe("transfer");
  expect((await readFile(path)).equals(body)).toBe(true);
});

test("any number who want it at once have one transfer, and each sees how far it is", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const another = await test.another();
  server.holdBackAfter(100_000);
  const files = Array.from({ length: 10 }, (_, i) =>
    (i % 2 === 0 ? test.stager : another).file(server.url("a")),
  );
  const ready = files.map((file) => file.ready());
  const progress = files.map((file) => allOf(file.progress()));
  await server.heldBack();
  server.holdBackAfter(undefined);
  for (const { bytes } of await Promise.all(ready)) expect(bytes).toBe(body.length);
  // Each has a signature of its own, and asks with it for one byte.
  const asked = server.requests.toSorted();
  expect(asked).toEqual(["200 a", ...Array.from({ length: 9 }, () => "206 a")]);
  expect(server.sent()).toBe(body.length + 9);
  for (const seen of await Promise.all(progress))
    expect(seen.at(-1)).toMatchObject({ state: "staged", phase: undefined });
});

test("what is refused to one signature is asked for again by those who have another one", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const [bad, good] = [server.url("a"), server.url("a")];
  server.refuse(bad, 403);
  const first = test.stager.file(bad);
  const second = test.stager.file(good);
  first.stage();
  second.stage();
  await expect(first.ready()).rejects.toMatchObject({ code: "FORBIDDEN" });
  await expect(second.ready()).resolves.toMatchObject({ sha256: sha256Of(body) });
});

test("who may not have an object does not get it by the transfer of one who may", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const another = await test.another();
  const [good, same, refused, over] = [
    server.url("a"),
    server.url("a"),
    server.url("a"),
    server.url("a"),
  ];
  server.refuse(refused, 403);
  server.refuse(over, 404);
  server.holdBackAfter(100_000);
  const first = test.stager.file(good).ready();
  await server.heldBack();
  for (const stager of [test.stager, another]) {
    await expect(stager.file(refused).ready()).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(stager.file(over).ready()).rejects.toMatchObject({ code: "FILE_MISSING" });
  }
  const others = [test.stager, another].map((stager) => stager.file(same).ready());
  server.holdBackAfter(undefined);
  for (const { sha256 } of [await first, ...(await Promise.all(others))])
    expect(sha256).toBe(sha256Of(body));
  expect(server.requests.filter((request) => request === "200 a")).toHaveLength(1);
});

test("a transfer that only those who were refused still wait for ends", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const bad = server.url("a");
  server.refuse(bad, 403);
  server.holdBackAfter(100_000);
  const one = test.stager.file(server.url("a"));
  const ready = one.ready();
  await server.heldBack();
  await expect(test.stager.file(bad).ready()).rejects.toMatchObject({ code: "FORBIDDEN" });
  const key = transferKey({ url: new URL(bad) });
  one.cancel();
  await expect(ready).rejects.toMatchObject({ code: "CANCELLED" });
  const { leases } = test.stager.context.store;
  await vi.waitFor(async () => expect((await leases.look(key))?.state).toBe("released"));
});

test("an object of a server that sends no parts is shared all the same", async () => {
  await using server = await startServer({
    body,
    answer: (_n, _request, response) => {
      response.writeHead(200).end(body);
      return true;
    },
  });
  await using test = await testStager();
  const [one, other] = ["1", "2"].map((signature) => {
    const url = new URL(server.url);
    url.searchParams.set("X-Amz-Signature", signature);
    return test.stager.file(url.href).ready();
  }) as [Promise<Staged>, Promise<Staged>];
  expect((await other).sha256).toBe(sha256Of(body));
  expect((await one).path).toBe((await other).path);
  expect(server.seen).toHaveLength(2);
});

test("a stored file that was written to since is fetched again", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const { path } = await test.stager.file(server.url("a")).ready();
  await chmod(path, 0o640);
  await writeFile(path, randomBytes(body.length));
  const staged = await test.stager.file(server.url("a"), { sha256: sha256Of(body) }).ready();
  expect(staged.from).toBe("transfer");
  expect((await readFile(path)).equals(body)).toBe(true);
  await utimes(path, 1, 1.5);
  const again = await test.stager.file(server.url("a"), { sha256: sha256Of(body) }).ready();
  expect(again.from).toBe("store");
  expect((await stat(path)).mtimeMs % 1000).toBe(0);
});

test("who cancels waits no longer; the transfer goes on for the others", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  server.holdBackAfter(100_000);
  const [one, other] = [test.stager.file(server.url("a")), test.stager.file(server.url("a"))];
  const [first, second] = [one.ready(), other.ready()];
  await server.heldBack();
  one.cancel();
  await expect(first).rejects.toMatchObject({ code: "CANCELLED" });
  expect(one.state).toBe("cancelled");
  server.holdBackAfter(undefined);
  expect((await second).bytes).toBe(body.length);
  one.stage();
  expect((await one.ready()).from).toBe("store");
});

test("when nobody wants it any more it ends, and goes on from there the next time", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  server.holdBackAfter(100_000);
  const file = test.stager.file(server.url("a"));
  const ready = file.ready();
  for await (const { bytes } of file.progress()) if (bytes >= 100_000) break;
  file.cancel();
  await expect(ready).rejects.toMatchObject({ code: "CANCELLED" });
  server.holdBackAfter(undefined);
  const staged = await test.stager.file(server.url("a")).ready();
  expect(staged.sha256).toBe(sha256Of(body));
  // Not all of it again; where the first one had not quite ended, a byte was asked for before.
  expect(server.requests.filter((request) => request === "200 a")).toHaveLength(1);
});

test("who was taken for dead notices it, and goes on when the other one has let go", async () => {
  await using server = await startObjectServer({ a: large });
  await using test = await testStager();
  const { leases } = test.stager.context.store;
  const url = server.url("a");
  const key = transferKey({ url: new URL(url) });
  server.holdBackAfter(100_000);
  const ready = test.stager.file(url).ready();
  await server.heldBack();
  while ((await partials(test.settings.store)).length === 0) await sleep(20);
  const held = await leases.look(key);
  const owner = held?.owner ?? { pid: 0, boot: undefined };
  const taken = { key, token: "another", owner, from: held?.token };
  expect(await leases.take(taken, Date.now())).toBe(true);
  // Its partial file goes once it has noticed.
  while ((await partials(test.settings.store)).length > 0) await sleep(20);
  server.holdBackAfter(undefined);
  await leases.release(key, "another");
  expect((await ready).sha256).toBe(sha256Of(large));
  expect(server.requests).toEqual(["200 a", "206 a", "200 a"]);
});

test("a failed file says why at once, and a new attempt may succeed", async () => {
  await using server = await startObjectServer({});
  await using test = await testStager();
  const file = test.stager.file(server.url("a"));
  await expect(file.ready()).rejects.toMatchObject({ code: "FILE_MISSING" });
  expect(file.state).toBe("failed");
  await expect(file.ready()).rejects.toMatchObject({ code: "FILE_MISSING" });
  expect(server.requests).toHaveLength(1);
  server.objects.set("a", body);
  file.stage();
  expect(file.state).toBe("staging");
  expect((await file.ready()).bytes).toBe(body.length);
});

test("waiting has a limit, and the transfer none for that", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  server.holdBackAfter(0);
  const file = test.stager.file(server.url("a"));
  await expect(file.ready({ timeoutMs: 20 })).rejects.toMatchObject({ code: "TIMEOUT" });
  const reason = new Error("enough");
  await expect(file.ready({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  server.holdBackAfter(undefined);
  expect((await file.ready()).bytes).toBe(body.length);
});

test("who expects other bytes has a transfer of their own, which fails", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  const wrong = test.stager.file(server.url("a"), { sha256: "0".repeat(64) });
  const short = test.stager.file(server.url("a"), { bytes: 5 });
  const right = test.stager.file(server.url("a"), { bytes: body.length });
  await expect(wrong.ready()).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  await expect(short.ready()).rejects.toMatchObject({ code: "CHECKSUM_MISMATCH" });
  expect(await right.ready()).toMatchObject({ verified: true });
  expect(await partials(test.settings.store)).toEqual([]);
});

test("a local file is where it is; one that is missing is told with the nearest directory", async () => {
  await using test = await testStager();
  const path = join(test.directory, "here.csv");
  await writeFile(path, "a\n1\n");
  const staged = await test.stager.file(path, { sha256: sha256Of(Buffer.from("a\n1\n")) }).ready();
  expect(staged).toMatchObject({ path, bytes: 4, verified: true, from: "local" });
  const missing = test.stager.file(join(test.directory, "no/such/file")).ready();
  await expect(missing).rejects.toMatchObject({
    code: "FILE_MISSING",
    message: expect.stringContaining(`${test.directory} is the nearest`),
  });
});

test("the store is verified byte by byte; what is damaged is fetched again", async () => {
  await using server = await startObjectServer({ a: body, b: "b", c: "c" });
  await using test = await testStager();
  const [a, b] = await Promise.all(
    ["a", "b", "c"].map((name) => test.stager.file(server.url(name)).ready()),
  );
  const damaged = Buffer.from(body);
  damaged[5] = (damaged[5] as number) ^ 1;
  await chmod(a?.path ?? "", 0o640);
  await writeFile(a?.path ?? "", damaged);
  await rm(b?.path ?? "");
  const states = (await allOf(verifyStore(test.stager.context))).map(({ state }) => state);
  expect(states.toSorted()).toEqual(["damaged", "missing", "whole"]);
  const again = await test.stager.file(server.url("a")).ready();
  expect(again).toMatchObject({ from: "transfer", sha256: sha256Of(body) });
});

test("the store keeps its size: the least recently used file goes first, and none that a run has", async () => {
  const names = ["a", "b", "c", "d"];
  await using server = await startObjectServer(
    Object.fromEntries(names.map((name) => [name, randomBytes(1000)])),
  );
  await using test = await testStager();
  const { context } = test.stager;
  const sha256s: string[] = [];
  for (const name of names)
    sha256s.push((await test.stager.file(server.url(name)).ready()).sha256 as string);
  const [a, b, c, d] = sha256s as [string, string, string, string];
  const later = Date.now() + 3_600_000;
  for (const [i, sha256] of [b, c, a, d].entries())
    await context.store.files.touch([sha256], later + i);
  const run = { id: "run-1", directory: "/none", state: "ready" as const };
  await context.store.runs.add({ ...run, createdAt: 0, expiresAt: later, result: undefined });
  await context.store.runs.hold("run-1", [b]);
  expect(await pruneStore(context, 2000, later)).toEqual([]);
  const removed = await pruneStore(context, 2000, later + 3_600_000);
  expect(removed.map(({ sha256 }) => sha256)).toEqual([c, a]);
  expect((await context.store.files.list()).map(({ sha256 }) => sha256)).toEqual([d, b]);
});

test("partial files that were left long ago go at the next start", async () => {
  await using test = await testStager();
  const [old, young] = ["old.part", "young.part"].map((name) =>
    join(test.settings.store, "partial", name),
  ) as [string, string];
  await writeFile(old, "");
  await writeFile(young, "");
  await utimes(old, 1, 1);
  await test.another();
  expect(await partials(test.settings.store)).toEqual(["young.part"]);
});

test("no secret reaches the database, events or errors", async () => {
  await using server = await startObjectServer({ a: body });
  await using test = await testStager();
  await test.stager.file(server.url("a")).ready();
  await test.stager
    .file(server.url("b"))
    .ready()
    .catch(() => undefined);
  expect(JSON.stringify(test.events)).toContain("127.0.0.1");
  expect(JSON.stringify(test.events)).not.toContain(SECRET);
  for (const name of await readdir(test.settings.state)) {
    if (!name.startsWith("staging.db")) continue;
    expect((await readFile(join(test.settings.state, name))).includes(SECRET)).toBe(false);
  }
});
