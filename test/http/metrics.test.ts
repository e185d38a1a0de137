import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { MOST_DATASETS } from "../../src/http/metrics/cache.ts";
import { families, metricsText } from "../../src/http/metrics/text.ts";
import { addEvent, addSeconds, emptyWork, PASS_BUCKETS } from "../../src/http/counters.ts";
import type { DaemonState } from "../../src/http/state.ts";
import { statusOf } from "../../src/inspect/status.ts";
import type { StatusReport } from "../../src/inspect/status.ts";
import { idleDaemon } from "../helpers/daemon-state.ts";
import { createWorld, rows } from "../helpers/world.ts";
import { ask } from "./requests.ts";
import { serve } from "./serve.ts";

const NOW = Date.parse("2026-01-18T14:30:00Z");

/** `name{labels}` → value. */
function series(text: string): Map<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line): [string, number] => {
      const space = line.lastIndexOf(" ");
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

test("every series has a number, and each is there once, with its help and type", async () => {
  const text = await metricsText({
    daemon: idleDaemon(NOW),
    isHealthy: true,
    place: { state: "/none" },
    report: undefined,
  });
  const found = series(text);
  expect([...found.values()].every(Number.isFinite)).toBe(true);
  expect(found.size).toBe(text.split("\n").filter((line) => /^[a-z]/.test(line)).length);
  for (const { name, type } of families({
    daemon: idleDaemon(NOW),
    isHealthy: true,
    place: { state: "/none" },
    report: undefined,
  })) {
    expect(text).toContain(`# HELP ${name} `);
    expect(text).toContain(`# TYPE ${name} ${type}\n`);
  }
});

test("a host that shares the work tells of its turns, and one that does all of it does not", async () => {
  const counts = { taken: 40, givenBack: 8, lost: 1, late: 2, statements: 900 };
  const turns = { ...counts, held: 31, hosts: 2, lagMs: 1500, aheadMs: -250 };
  const source = { isHealthy: true, place: { state: "/none" }, report: undefined };
  const ofTurns = async (daemon: DaemonState) =>
    Object.fromEntries(
      [...series(await metricsText({ ...source, daemon }))].flatMap(([name, value]) =>
        /_(hosts|turns|late|host_lag|clock_ahead|database)(_|\b)/.test(name)
          ? [[name.slice(16), value]]
          : [],
      ),
    );
  expect(await ofTurns({ ...idleDaemon(NOW), turns })).toEqual({
    hosts: 2,
    turns_held: 31,
    'turns_total{outcome="taken"}': 40,
    'turns_total{outcome="given_back"}': 8,
    'turns_total{outcome="lost"}': 1,
    late_outcomes_total: 2,
    host_lag_seconds: 1.5,
    clock_ahead_seconds: -0.25,
    database_statements_total: 900,
  });
  expect(await ofTurns(idleDaemon(NOW))).toEqual({});
});

test("what promtool thinks of names, units and types: nothing", async (context) => {
  if (spawnSync("promtool", ["--version"]).error !== undefined) {
    context.skip("promtool is not here (Debian: prometheus)");
  }
  await using world = await createWorld();
  await world.put("a.csv", rows(10));
  await world.put("b.parquet", "none");
  await world.pass();
  await using served = await serve(world);
  const { body } = await ask(served.url, "/metrics");
  const check = spawnSync("promtool", ["check", "metrics"], { input: body, encoding: "utf8" });
  expect(check).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("a scrape says what was done, and what is in the cache", async () => {
  await using world = await createWorld();
  for (const name of ["a.csv", "b.csv", "c.jsonl"]) await world.put(name, rows(200));
  await world.put("broken.parquet", "none");
  await world.put("missing.csv", "");
  await world.announce("gone.csv", { bronze: "bronze/gone.csv" });
  await world.manifest("no line\n");
  const { events, summary } = await world.pass();
  await using served = await serve(world);
  for (const event of events) served.server.observe(event);
  served.server.passed({ summary, isDrained: true });
  const at = `staging_sampler_manifest_lines_total{result="due"}`;
  let found = series((await ask(served.url, "/metrics")).body);
  while (found.get(at) === 0) found = series((await ask(served.url, "/metrics")).body);
  const value = (name: string) => found.get(`staging_sampler_${name}`);
  expect(value('manifest_lines_total{result="due"}')).toBe(6);
  expect(value('manifest_lines_total{result="rejected"}')).toBe(1);
  expect(value('sampled_files_total{format="csv"}')).toBe(2);
  expect(value('sampled_files_total{format="empty"}')).toBe(1);
  expect(value('sample_duration_seconds_count{format="csv"}')).toBe(2);
  expect(value('sample_duration_seconds_bucket{format="csv",le="+Inf"}')).toBe(2);
  expect(value('failures_total{code="FORMAT_INVALID"}')).toBe(1);
  expect(value('failures_total{code="FILE_MISSING"}')).toBe(1);
  expect(value('failures_total{code="TIMEOUT"}')).toBe(0);
  expect(value("read_bytes_total")).toBe(summary.readBytes);
  expect(value("written_bytes_total")).toBe(summary.bytes);
  expect(value("last_pass_timestamp_seconds")).toBeCloseTo(
    (Date.parse(summary.at) + summary.ms) / 1000,
  );
  const of = 'dataset="acme/orders/v1"';
  expect(value(`entries{${of},outcome="sampled"}`)).toBe(4);
  expect(value(`entries{${of},outcome="failed"}`)).toBe(2);
  expect(value(`entries{${of},outcome="none"}`)).toBe(0);
  expect(value('failed_entries{code="FILE_MISSING"}')).toBe(1);
  expect(value(`waiting_files{${of}}`)).toBe(1);
  expect(value(`backlog_files{${of}}`)).toBe(0);
  expect(value(`lag_seconds{${of}}`)).toBe(0);
  expect(value(`unread_manifest_bytes{${of}}`)).toBe(0);
  expect(value(`rejected_lines{${of}}`)).toBe(1);
  expect(value("datasets")).toBe(1);
  expect(value('cache_size_bytes{file="db"}')).toBeGreaterThan(0);
  expect(found.get("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
  expect(found.get("process_open_fds")).toBeGreaterThan(3);
});

test("datasets wait until a pass in which they did not, and passes without trouble are told from others", async () => {
  await using world = await createWorld();
  await using served = await serve(world);
  const where = "acme/orders/v1";
  const { summary } = await world.pass();
  const metric = async (name: string) =>
    series((await ask(served.url, "/metrics")).body).get(`staging_sampler_${name}`);
  async function until(name: string, wanted: number | undefined): Promise<void> {
    let found = await metric(name);
    while (found !== wanted) found = await metric(name);
  }
  const passAt = (ms: number) => ({ ...summary, at: new Date(ms).toISOString(), ms: 0 });
  const begun = Date.now();
  served.server.observe({ type: "paused", where, code: "OUTPUT_FULL", message: "full" });
  served.server.passed({ summary: passAt(begun), isDrained: true });
  await until('paused_datasets{code="OUTPUT_FULL"}', 1);
  expect(await metric("last_successful_pass_timestamp_seconds")).toBeUndefined();
  expect(await metric('problems_total{code="OUTPUT_FULL"}')).toBe(1);

  // One that made way for new lines did not come to it.
  const next = begun + 60_000;
  served.server.passed({ summary: passAt(next), isDrained: false });
  await until("last_pass_timestamp_seconds", next / 1000);
  expect(await metric('paused_datasets{code="OUTPUT_FULL"}')).toBe(1);
  served.server.passed({ summary: passAt(next + 1000), isDrained: true });
  await until("last_pass_timestamp_seconds", next / 1000 + 1);
  expect(await metric('paused_datasets{code="OUTPUT_FULL"}')).toBe(0);
  await until("last_successful_pass_timestamp_seconds", next / 1000 + 1);
});

test("more datasets than have series of their own share one, of their sums and their greatest lag", async () => {
  await using world = await createWorld();
  const more = 50;
  const names = Array.from(
    { length: MOST_DATASETS + more },
    (_, i) => `v/d${String(i).padStart(4, "0")}/v1`,
  );
  const empty: StatusReport = await statusOf(world.store(), world.settings(), NOW);
  const datasets = names.map((dataset, i) => ({
    dataset,
    entries: 1000 - i,
    sampled: 900 - i,
    described: 0,
    failed: 60,
    acknowledged: 20,
    pruned: 10,
    waiting: 40,
    due: 30,
    oldestDueSeconds: i,
    unreadBytes: i === 0 ? null : 7,
    rejected: 3,
    acknowledgedLines: 2,
    lastMinute: 0,
    readBytes: 0,
    unconfirmed: 0,
    validatedPassed: 5,
    validatedWarned: 0,
    validatedFailed: 2,
    validatedError: 0,
    invalid: 1,
    unchecked: 0,
    off: null,
    waitsFor: null,
  }));
  const found = series(
    await metricsText({
      daemon: idleDaemon(NOW),
      isHealthy: true,
      place: world,
      report: { ...empty, datasets },
    }),
  );
  const value = (name: string) => found.get(`staging_sampler_${name}`);
  const of = [...found.keys()].filter((key) => key.startsWith("staging_sampler_lag_seconds"));
  expect(of).toHaveLength(MOST_DATASETS + 1);
  expect(value('lag_seconds{dataset="v/d0003/v1"}')).toBe(3);
  expect(value('lag_seconds{dataset="other"}')).toBe(names.length - 1);
  expect(value('backlog_files{dataset="other"}')).toBe(30 * more);
  expect(value('unread_manifest_bytes{dataset="other"}')).toBe(7 * more);
  expect(value('entries{dataset="other",outcome="failed"}')).toBe(60 * more);
  expect(value('rejected_lines{dataset="other"}')).toBe(more);
  expect(value('acknowledged_lines{dataset="other"}')).toBe(2 * more);
  expect(value('validated_files_total{dataset="other",result="passed"}')).toBe(5 * more);
  expect(value('invalid_entries{dataset="other"}')).toBe(more);
  expect(value("datasets")).toBe(names.length);
  const all = [...found].filter(([key]) => key.startsWith("staging_sampler_entries{"));
  expect(all.reduce((sum, [, count]) => sum + count, 0)).toBe(
    datasets.reduce((sum, { entries }) => sum + entries, 0),
  );
});

test("a dataset's name with quotes, line ends and what is not UTF-8 cannot forge a series", async () => {
  await using world = await createWorld();
  const evil = 'v/d"} 1\nstaging_sampler_ready 99\n\\/v1\udc80';
  const empty = await statusOf(world.store(), world.settings(), NOW);
  const datasets = [{ ...empty.totals, dataset: evil, off: null, waitsFor: null }];
  const text = await metricsText({
    daemon: idleDaemon(NOW),
    isHealthy: true,
    place: world,
    report: { ...empty, datasets },
  });
  expect(series(text).get("staging_sampler_ready")).toBe(1);
  expect(text).toContain('dataset="v/d\\"} 1\\nstaging_sampler_ready 99\\n\\\\/v1');
});

test("buckets are cumulative, and count what is longer than the last one in +Inf alone", async () => {
  const work = emptyWork();
  for (const seconds of [0.01, 0.011, 7, 4000]) addSeconds(work.passes, PASS_BUCKETS, seconds);
  const found = series(
    await metricsText({
      daemon: idleDaemon(NOW, { work }),
      isHealthy: true,
      place: { state: "/none" },
      report: undefined,
    }),
  );
  const bucket = (le: string) =>
    found.get(`staging_sampler_pass_duration_seconds_bucket{le="${le}"}`);
  expect(["0.01", "0.05", "5", "10", "3600", "+Inf"].map(bucket)).toEqual([1, 2, 2, 3, 3, 4]);
  expect(found.get("staging_sampler_pass_duration_seconds_count")).toBe(4);
});

test("formats are bounded, whatever samplers say", async () => {
  await using world = await createWorld();
  await world.put("a.csv", rows(10));
  const { events } = await world.pass();
  const event = events.find(({ type }) => type === "settled");
  if (event?.type !== "settled" || event.settled.outcome.outcome !== "sampled")
    throw new Error("none");
  const { settled } = event;
  const work = emptyWork();
  for (let i = 0; i < 1000; i += 1) {
    const outcome = { ...event.settled.outcome, format: `f${i}` };
    addEvent(work, { type: "settled", settled: { ...settled, outcome } });
  }
  expect(Object.keys(work.sampled).length).toBeLessThan(50);
  expect(work.sampled["other"]?.count).toBeGreaterThan(900);
});
