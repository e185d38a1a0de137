import { spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { StagingContext } from "../../src/staging/context.ts";
import { entriesOf } from "../../src/staging/data-manifest.ts";
import { keepRun, removeRun } from "../../src/staging/run-directory.ts";
import { type RunOptions, stageRun } from "../../src/staging/run.ts";
import { sweepRuns } from "../../src/staging/sweep-runs.ts";
import { ownName, type ProcessName } from "../../src/system/process-name.ts";
import { SECRET, startObjectServer } from "../helpers/object-server.ts";
import { testStager } from "./open-stager.ts";

const sam = randomBytes(200_000);
const fasta = Buffer.from(">chr1\nACGT\n");
const objects = { "sample.sam": sam, "hg38.fasta": fasta };
const sha256Of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function options(manifest: unknown, more: Partial<RunOptions> = {}): RunOptions {
  const { signal } = new AbortController();
  return { name: "gfl", params: {}, entries: entriesOf(manifest), strict: false, signal, ...more };
}

/** Gives the lease of a run to another process, as if that had made it; returns its token. */
async function handTo({ store, ownRuns }: StagingContext, id: string, owner: ProcessName) {
  ownRuns.get(id)?.end();
  const from = (await store.leases.look(id))?.token;
  expect(await store.leases.take({ key: id, token: "another", owner, from }, Date.now())).toBe(
    true,
  );
  return "another";
}

test("parameters and a manifest become a directory with resolved parameters", async () => {
  await using server = await startObjectServer(objects);
  await using test = await testStager();
  const params = { input_file: "sample.sam", reference_file: "ref/hg38.fasta", threads: 4 };
  const manifest = {
    "sample.sam": server.url("sample.sam"),
    "ref/hg38.fasta": { url: server.url("hg38.fasta"), sha256: sha256Of(fasta) },
  };
  const { result, directory } = await stageRun(options(manifest, { params }), test.stager);
  expect(directory).toMatch(new RegExp(`^${test.settings.runs}/gfl-[0-9a-f]{8}$`));
  expect(result).toMatchObject({
    status: "success",
    run_id: expect.stringMatching(/^run-[0-9a-f]{8}$/),
    run_dir: directory,
    staged_files: ["sample.sam", "ref/hg38.fasta"],
    failed_files: [],
    plugin_params: {
      input_file: `${directory}/sample.sam`,
      reference_file: `${directory}/ref/hg38.fasta`,
      threads: 4,
    },
  });
  expect((await readFile(`${directory}/sample.sam`)).equals(sam)).toBe(true);
  expect((await stat(directory)).mode & 0o777).toBe(0o750);
  const checked = spawnSync("sha256sum", ["-c", "manifest-sha256.txt"], { cwd: directory });
  expect(checked.stdout.toString()).toBe("sample.sam: OK\nref/hg38.fasta: OK\n");
});

test("a file that fails stops neither the others nor the run, and its parameter stays", async () => {
  await using server = await startObjectServer(objects);
  await using test = await testStager();
  const manifest = { "sample.sam": server.url("sample.sam"), "x.bed": server.url("none") };
  const params = { a: "sample.sam", b: "x.bed" };
  const { result } = await stageRun(options(manifest, { params }), test.stager);
  expect(result).toMatchObject({
    status: "partial",
    staged_files: ["sample.sam"],
    failed_files: [{ name: "x.bed", code: "FILE_MISSING" }],
    plugin_params: { b: "x.bed" },
  });
  expect(JSON.stringify(result)).not.toContain(SECRET);
});

test("a required file that fails, fails the run; so does any in a strict one", async () => {
  await using server = await startObjectServer(objects);
  await using test = await testStager();
  const known = { url: server.url("sample.sam"), size: sam.length };
  const missing = { ...known, url: server.url("none") };
  const statusOf = async (manifest: unknown, strict: boolean) =>
    (await stageRun(options(manifest, { strict }), test.stager)).result;
  const required = { a: known, b: { ...missing, required: true } };
  expect(await statusOf(required, false)).toMatchObject({ status: "failed", staged_files: ["a"] });
  expect((await statusOf({ a: known, b: missing }, true)).status).toBe("failed");
  expect((await statusOf({ a: known }, true)).status).toBe("success");
  const unverified = await statusOf({ a: server.url("hg38.fasta") }, true);
  expect(unverified).toMatchObject({ status: "failed", failed_files: [{ code: "UNVERIFIED" }] });
});

test("what a run may write is its own: neither the store's file nor the local one changes", async () => {
  await using server = await startObjectServer(objects);
  await using test = await testStager();
  const local = join(test.directory, "local.txt");
  await writeFile(local, "local");
  const manifest = {
    a: { url: server.url("hg38.fasta"), writable: true },
    b: server.url("hg38.fasta"),
    c: { url: local, writable: true },
    d: local,
  };
  const { directory, result } = await stageRun(options(manifest), test.stager);
  const modes = await Promise.all(
    ["a", "b", "c", "d"].map(async (name) => (await stat(join(directory, name))).mode & 0o777),
  );
  expect(modes).toEqual([0o640, 0o440, 0o640, 0o440]);
  await writeFile(join(directory, "a"), "changed");
  await writeFile(join(directory, "c"), "changed");
  expect((await readFile(join(directory, "b"))).equals(fasta)).toBe(true);
  expect(await readFile(local, "utf8")).toBe("local");
  expect((await stat(local)).nlink).toBe(1);
  expect(result.files.map(({ from }) => from).toSorted()).toEqual([
    "local",
    "local",
    "transfer",
    "transfer",
  ]);
});

test("what is compressed can be staged decompressed; both hashes are told, and the store has both", async () => {
  const sent = gzipSync("id\n1\n");
  await using server = await startObjectServer({ "a.gz": sent });
  await using test = await testStager();
  const encoded = { bytes: sent.length, sha256: sha256Of(sent) };
  const entry = { url: server.url("a.gz"), decompress: true, sha256: encoded.sha256 };
  const { result, directory } = await stageRun(options({ "a.csv": entry }), test.stager);
  const bytes = Buffer.from("id\n1\n");
  expect(await readFile(join(directory, "a.csv"))).toEqual(bytes);
  const file = { bytes: 5, sha256: sha256Of(bytes), verified: true, encoded, from: "transfer" };
  expect(result.files).toMatchObject([file]);
  const again = { ...entry, url: server.url("a.gz") };
  const other = await stageRun(options({ a: again, b: server.url("a.gz") }), test.stager);
  expect(other.result.files).toMatchObject([
    { ...file, from: "store" },
    { ...encoded, from: "transfer" },
  ]);
  const local = join(test.directory, "a.gz");
  await writeFile(local, sent);
  const copied = await stageRun(options({ c: { url: local, decompress: true } }), test.stager);
  expect(copied.result.files).toMatchObject([{ ...file, from: "local" }]);
});

test("a file above staging.maxBytes is refused", async () => {
  await using server = await startObjectServer(objects);
  await using test = await testStager({ maxBytes: 1000 });
  const { result } = await stageRun(options({ a: server.url("sample.sam") }), test.stager);
  expect(result.failed_files).toMatchObject([{ code: "LIMIT_EXCEEDED" }]);
});

test("content that a task gives is a file, too", async () => {
  await using test = await testStager();
  const inputs = [{ path: "/data/config.json", content: '{"k":1}' }];
  const { directory } = await stageRun(options(inputs), test.stager);
  expect(await readFile(join(directory, "data/config.json"), "utf8")).toBe('{"k":1}');
});

test("an expired URL is renewed by what the manifest names, and the transfer goes on", async () => {
  await using server = await startObjectServer(objects);
  await using test = await testStager();
  const expired = "X-Amz-Date=20200101T000000Z&X-Amz-Expires=60";
  const of = (name: string) => `${server.url(name).split("?")[0]}?${expired}`;
  server.objects.set("renew", Buffer.from(JSON.stringify({ url: server.url("hg38.fasta") })));
  const manifest = {
    a: { url: `${of("gone")}`, refresh: server.url("renew") },
    b: { url: `${of("gone")}`, refresh: ["echo", server.url("sample.sam")] },
    c: { url: `${of("gone")}`, refresh: ["false"] },
    d: { url: `${of("gone")}`, refresh: ["echo", "file:///etc/passwd"] },
  };
  server.refuse("gone", 403);
  const { result } = await stageRun(options(manifest), test.stager);
  expect(result.staged_files).toEqual(["a", "b"]);
  const code = "URL_EXPIRED";
  const refused = { name: "d", code, message: expect.stringContaining("PATH_REFUSED") };
  expect(result.failed_files).toMatchObject([{ name: "c", code }, refused]);
  expect(JSON.stringify(result)).not.toContain(SECRET);
});

test("a run goes with all it has, and only its own directory", async () => {
  await using test = await testStager();
  const { context } = test.stager;
  const at = join(test.directory, "mine");
  const run = await stageRun(options({}, { directory: at }), test.stager);
  await mkdir(join(at, "sub/deep"), { recursive: true });
  await writeFile(join(at, "sub/deep/output"), "");
  expect(await removeRun(run, context)).toBe(true);
  expect(await readdir(test.directory)).not.toContain("mine");
  expect(await context.store.runs.list()).toEqual([]);

  const other = await stageRun(options({}, { directory: at }), test.stager);
  await writeFile(join(at, ".staging/run.json"), '{"run_id":"run-another"}');
  await removeRun(other, context);
  expect(await readdir(at)).toEqual([".staging", "manifest-sha256.txt"]);
});

test("a directory that has something in it is no run's", async () => {
  await using test = await testStager();
  await writeFile(join(test.directory, "file"), "");
  const making = stageRun(options({}, { directory: test.directory }), test.stager);
  await expect(making).rejects.toMatchObject({ code: "USAGE" });
});

test("runs of ended processes, runs out of time and forgotten ones are swept; others stay", async () => {
  await using test = await testStager({ runTtlMs: 3_600_000 });
  const { context } = test.stager;
  const { runs } = context.store;
  const { boot } = ownName();
  const made = async () => (await stageRun(options({}), test.stager)).id;
  const [mine, kept, dead, late, forgotten] = [
    await made(),
    await made(),
    await made(),
    await made(),
    await made(),
  ] as const;
  await keepRun({ id: kept, directory: "" }, context);
  // No process has this number.
  await handTo(context, dead, { pid: 2 ** 22 + 1, boot });
  await keepRun({ id: late, directory: "" }, context);
  await runs.update(late, { expiresAt: 5 });
  const directory = (await runs.find(forgotten))?.directory ?? "";
  await runs.remove(forgotten);
  await mkdir(join(test.settings.runs, "of-a-person-0123abcd"));
  await sweepRuns(context);
  expect((await runs.list()).map(({ id }) => id).toSorted()).toEqual([mine, kept].toSorted());
  expect(await readdir(test.settings.runs)).toHaveLength(4);
  await utimes(join(directory, ".staging/run.json"), 1, 1);
  await sweepRuns(context);
  const left = await readdir(test.settings.runs);
  expect(left).toHaveLength(3);
  expect(left).toContain("of-a-person-0123abcd");
});

test("a run that somebody works on stays, though its time is over", async () => {
  await using test = await testStager({ runTtlMs: 1 });
  const { context } = test.stager;
  const { result } = await stageRun(options({}), test.stager);
  const later = Date.now() + 60_000;
  await sweepRuns(context, later);
  expect(await readdir(test.settings.runs)).toEqual([basename(result.run_dir)]);
  await keepRun({ id: result.run_id, directory: result.run_dir }, context);
  await sweepRuns(context, later);
  expect(await readdir(test.settings.runs)).toEqual([]);
});

test("a run goes in time where its process has ended, and another one has its number", async () => {
  await using test = await testStager({ runTtlMs: 1 });
  const { context } = test.stager;
  const { result } = await stageRun(options({}), test.stager);
  const { runs } = context.store;
  const row = await runs.find(result.run_id);
  await runs.remove(result.run_id);
  if (row !== undefined) await runs.add({ ...row, createdAt: 1000 });
  // The number is somebody's: it gives no sign of life of this run, though.
  await sweepRuns(context, Date.now() + 3_600_000);
  expect(await readdir(test.settings.runs)).toEqual([]);
});

test("a run of another machine stays as long as it gives signs of life, however long, and not longer", async () => {
  await using test = await testStager({ runTtlMs: 1 });
  const { context } = test.stager;
  const { id } = await stageRun(options({}), test.stager);
  const another = await handTo(context, id, { pid: process.pid, boot: "another machine" });
  const hours = (count: number) => Date.now() + count * 3_600_000;
  const progress = { phase: "preparing", bytes: 0, size: undefined } as const;
  for (const count of [1, 2, 3]) {
    expect(await context.store.leases.keep(id, another, progress, hours(count))).toBe(true);
    await sweepRuns(context, hours(count) + 60_000);
    expect(await readdir(test.settings.runs)).toHaveLength(1);
  }
  await sweepRuns(context, hours(4));
  expect(await readdir(test.settings.runs)).toEqual([]);
  expect(await context.store.leases.look(id)).toBeUndefined();
});

test("a run that cannot be made leaves no lease", async () => {
  await using test = await testStager();
  const { context } = test.stager;
  await writeFile(join(test.directory, "file"), "");
  const at = join(test.directory, "file/run");
  const making = stageRun(options({}, { directory: at }), test.stager);
  await expect(making).rejects.toMatchObject({ code: "OUTPUT_UNWRITABLE" });
  expect([...context.ownRuns]).toEqual([]);
  expect(await context.store.runs.list()).toEqual([]);
});

test("a run that is aborted leaves nothing", async () => {
  await using server = await startObjectServer(objects);
  await using test = await testStager();
  server.holdBackAfter(10);
  const abort = new AbortController();
  const manifest = { a: server.url("sample.sam") };
  const staging = stageRun(options(manifest, { signal: abort.signal }), test.stager);
  await server.heldBack();
  abort.abort();
  await expect(staging).rejects.toMatchObject({ name: "AbortError" });
  expect(await readdir(test.settings.runs)).toEqual([]);
  expect(await test.stager.context.store.runs.list()).toEqual([]);
});
