import { failureCodes, retryOf } from "../../errors.ts";
import { hookNames } from "../../hooks/documents.ts";
import { VERSION } from "../../version.ts";
import type { DaemonState } from "../state.ts";
import { PASS_BUCKETS, SAMPLE_BUCKETS } from "../counters.ts";
import { by, counter, type Family, gauge, histogram, type Value } from "./family.ts";

// Each code has a value from the start: a rate has to begin somewhere.
/** Codes that files fail with. */
const fileCodes = failureCodes.filter((code) => !["never", "pass"].includes(retryOf(code)));
/** Codes that make datasets wait. */
const passCodes = failureCodes.filter((code) => retryOf(code) === "pass");

/** Metrics of the daemon and its work. */
export function workMetrics(state: DaemonState, isHealthy: boolean): Family[] {
  const { work, paused, liveness, lastPass } = state;
  const sampled = Object.entries(work.sampled);
  const pausedBy = Map.groupBy(paused, ({ code }) => code);
  const pausedCounts = Array.from(pausedBy, ([code, all]) => [code, all.length] as const);
  return [
    gauge("build_info", "Version of the daemon; always 1.", [
      { value: 1, labels: { version: VERSION, node: process.version } },
    ]),
    gauge("healthy", "1 while the daemon gets on: what /healthz says.", Number(isHealthy)),
    gauge("ready", "1 once the first pass may begin.", Number(state.isReady)),
    gauge("idle", "1 while the daemon waits for work.", Number(liveness.isIdle)),
    gauge(
      "last_progress_timestamp_seconds",
      "When the daemon last did something.",
      liveness.progressAt / 1000,
    ),
    gauge(
      "last_commit_timestamp_seconds",
      "When the daemon last wrote what it had done to the cache.",
      inSeconds(work.committedAt),
    ),
    gauge(
      "last_pass_timestamp_seconds",
      "When the last pass over all datasets ended.",
      lastPass === null ? null : (Date.parse(lastPass.at) + lastPass.ms) / 1000,
    ),
    gauge(
      "last_successful_pass_timestamp_seconds",
      "When the last pass over all datasets ended in which everything could be read and written.",
      inSeconds(state.lastGoodPassAt),
    ),
    gauge(
      "passes_wait",
      "1 while passes wait because the host is busy.",
      Number(state.passesWait !== null),
    ),
    gauge("paused_datasets", "Datasets that wait, by code.", byCode(passCodes, pausedCounts)),
    counter(
      "manifest_lines_total",
      "Manifest lines taken in, by what they led to.",
      by("result", [
        ["due", work.due],
        ["unchanged", work.unchanged],
        ["superseded", work.superseded],
        ["rejected", work.rejected],
      ]),
    ),
    counter("manifests_reread_total", "Manifests read again from 0.", work.rereads),
    counter(
      "sampled_files_total",
      "Samples published, by format.",
      by(
        "format",
        sampled.map(([format, { count }]) => [format, count]),
      ),
    ),
    histogram(
      "sample_duration_seconds",
      "Time one sample took, by format.",
      SAMPLE_BUCKETS,
      sampled.map(([format, spread]) => [{ format }, spread] as const),
    ),
    counter(
      "failures_total",
      "Tries that gave no sample, by code.",
      byCode(fileCodes, Object.entries(work.failed)),
    ),
    counter(
      "problems_total",
      "Manifests that could not be read and datasets that had to wait, once in each pass, by code.",
      byCode(passCodes, Object.entries(work.errors)),
    ),
    counter("read_bytes_total", "Bytes read from bronze.", work.readBytes),
    counter("written_bytes_total", "Bytes of samples written.", work.writtenBytes),
    counter("pruned_samples_total", "Samples that retention removed.", work.pruned),
    counter("pruned_bytes_total", "Bytes of the samples that retention removed.", work.prunedBytes),
    counter(
      "findings_total",
      "Files that differ from those before them, by kind and severity.",
      findingValues(work.findings),
    ),
    counter(
      "confirmed_samples_total",
      "Samples of raw files that a manifest line confirmed, without a second read.",
      work.confirmed,
    ),
    counter(
      "moved_files_total",
      "Raw files that were moved away before they were sampled.",
      work.moved,
    ),
    counter(
      "raw_directories_listed_total",
      "Directories of raw files that were listed, by what came of it.",
      by("result", [
        ["listed", work.listed],
        ["failed", work.unlisted],
      ]),
    ),
    counter(
      "temporary_files_removed_total",
      "Unfinished samples of an earlier process, removed.",
      work.cleanedUp,
    ),
    histogram("pass_duration_seconds", "Time a pass over all datasets took.", PASS_BUCKETS, [
      [{}, work.passes],
    ]),
    counter(
      "hook_calls_total",
      "Calls of the commands that are told of findings and failures.",
      hookNames.flatMap((hook) =>
        (["done", "failed"] as const).map((result) => ({
          value: state.hooks[hook][result],
          labels: { hook, result },
        })),
      ),
    ),
    counter(
      "hook_unlisted_total",
      "Findings and failures that a call only counted, since there were too many.",
      by(
        "hook",
        hookNames.map((hook) => [hook, state.hooks[hook].unlisted]),
      ),
    ),
    counter(
      "worker_restarts_total",
      "Threads that had to be replaced: a file hung them or used up their memory.",
      state.workerRestarts,
    ),
    counter(
      "server_restarts_total",
      "How often the server of these metrics died or hung.",
      state.serverRestarts,
    ),
  ];
}

function byCode(codes: readonly string[], counts: readonly (readonly [string, number])[]): Value[] {
  const zeros = codes.map((code) => [code, 0] as const);
  return by("code", new Map([...zeros, ...counts]));
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}

/** Each severity has a value from the start. */
function findingValues(counts: Readonly<Record<string, number>>): Value[] {
  const all = { "drift info": 0, "drift warn": 0, ...counts };
  return Object.entries(all).map(([name, value]) => {
    const [kind = "", severity = ""] = name.split(" ");
    return { value, labels: { kind, severity } };
  });
}
