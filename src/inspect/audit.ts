import type { Queries } from "../store/queries.ts";
import type { RecordedSample } from "../store/rows.ts";
import type { RawSettings } from "../config/settings.ts";
import type { Stats } from "node:fs";
import { opendir } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import { entryPath, type HeldDirectory, holdBeneath, statEntry } from "../lake/held-directory.ts";
import type { HeldDataset } from "../lake/lake.ts";
import { holdManifests, holdManifestsIfAny } from "../manifest/directory.ts";
import type { ManifestFile } from "../manifest/files.ts";
import { ACTIVE, isCompressed } from "../manifest/generations.ts";
import { planAll } from "../manifest/plan.ts";
import { readSegment } from "../manifest/read.ts";
import { readingAsIs } from "../manifest/reading-as-is.ts";
import { findPlace, holdSamples } from "../samples/directory.ts";
import { isRecords } from "../samples/path.ts";
import { sampleOfPrevious } from "../samples/previous.ts";
import { temporaryName } from "../samples/temporary-name.ts";
import type { Checkpoint } from "../manifest/types.ts";

/**
 * Kinds of an audit's findings. `stale`: a sample of an earlier version, with the newest one
 * waiting. `acknowledged`: an entry that failed for good, and that somebody acknowledged. `pruned`:
 * a sample that retention removed. `missing`: a sample that is not there as it was published.
 * `lost`: a line that was read, of which the cache knows nothing. `orphan`: a file that is nobody's
 * sample. `moved`: a raw file that was found by looking is gone, and no line has named it since.
 */
export const findingKinds = [
  "ok",
  "waiting",
  "stale",
  "unread",
  "failed",
  "acknowledged",
  "pruned",
  "missing",
  "lost",
  "orphan",
  "moved",
] as const;

/** One of them. */
export type FindingKind = (typeof findingKinds)[number];

/** One thing that an audit looked at. */
export interface Finding {
  readonly kind: FindingKind;
  /** The entry; undefined for an orphan. */
  readonly raw?: string;
  /** Below `samples/`. */
  readonly sample?: string;
  readonly why?: string;
}

/** A dataset, and the means to ask about it. */
export interface Audit {
  readonly dataset: HeldDataset;
  readonly queries: Pick<Queries, "recordedSamples" | "missingOf" | "orphansAmong">;
  readonly checkpoints: readonly Checkpoint[];
  readonly raw: Pick<RawSettings, "mode" | "expectSeconds">;
  /** True while a daemon is at work, whose temporary files are no finding. */
  readonly isRunning: boolean;
  /** Called with the number of entries, lines and files that were looked at. */
  readonly onLooked?: (count: number) => void;
}

const BATCH = 1000;

/**
 * Compares manifests, cache and samples of a dataset; changes nothing.
 * @throws errno; Failure MANIFEST_UNREADABLE or OUTPUT_UNWRITABLE
 */
export async function* auditDataset(audit: Audit): AsyncGenerator<Finding, void, void> {
  using samples = holdSamples(audit.dataset);
  yield* auditEntries(audit, samples);
  yield* auditManifests(audit);
  if (samples !== undefined) yield* auditFiles(audit, samples, "");
}

async function* auditEntries(
  { dataset, queries, raw, onLooked }: Audit,
  samples: HeldDirectory | undefined,
): AsyncGenerator<Finding, void, void> {
  const now = Date.now();
  for (let last: string | null = null; ;) {
    const entries = await queries.recordedSamples(dataset.name, last, BATCH);
    for (const entry of entries) yield movedFinding(entry, raw, now) ?? findingOf(entry, samples);
    onLooked?.(entries.length);
    if (entries.length < BATCH) return;
    last = (entries.at(-1) as RecordedSample).raw;
  }
}

/** The finding on a raw file that is gone and that no line has named; undefined for any other. */
function movedFinding(
  { raw, sample, outcome, waiting, goneAt }: RecordedSample,
  { mode, expectSeconds }: Audit["raw"],
  now: number,
): Finding | undefined {
  if (goneAt === null || waiting) return undefined;
  const since = new Date(goneAt).toISOString();
  const isUnsampled = outcome === null;
  if (mode === "only") {
    const why = `gone since ${since}, before it could be sampled`;
    return isUnsampled ? { kind: "moved", raw, why } : undefined;
  }
  if (now - goneAt <= expectSeconds * 1000)
    return isUnsampled ? { kind: "waiting", raw } : undefined;
  const why = `moved without a line: gone since ${since}, and no manifest line has named it since`;
  return { kind: "moved", raw, ...(sample === null ? {} : { sample }), why };
}

function findingOf(
  { raw, sample, bytes, outcome, waiting, acknowledged }: RecordedSample,
  samples: HeldDirectory | undefined,
): Finding {
  if (acknowledged) return { kind: "acknowledged", raw };
  if (sample === null) {
    if (waiting) return { kind: "waiting", raw };
    return { kind: outcome === "pruned" ? "pruned" : "failed", raw };
  }
  const found = samples === undefined ? undefined : statSample(samples, sample);
  // Of which earlier version it is does not matter: it is to be replaced, or cannot be.
  if (waiting)
    return found === undefined ? { kind: "waiting", raw } : { kind: "stale", raw, sample };
  if (outcome === "failed") return { kind: "failed", raw };
  if (found === undefined) return { kind: "missing", raw, sample, why: "there is no such file" };
  if (!found.isFile()) return { kind: "missing", raw, sample, why: "not a regular file" };
  if (found.size !== bytes) {
    return { kind: "missing", raw, sample, why: `${found.size} bytes, published with ${bytes}` };
  }
  return { kind: "ok", raw, sample };
}

function statSample(samples: HeldDirectory, name: string): Stats | undefined {
  using place = findPlace(samples, name);
  return place === undefined ? undefined : statEntry(place.folder, place.file);
}

async function* auditManifests(audit: Audit): AsyncGenerator<Finding, void, void> {
  const { dataset, queries, checkpoints, raw } = audit;
  using manifests = raw.mode === "off" ? holdManifests(dataset) : holdManifestsIfAny(dataset);
  // Where raw files are sampled, there may be none, or none yet.
  if (manifests === undefined || raw.mode === "only") return;
  for (const segment of (await planAll(manifests)).segments) {
    const readBytes = readBytesOf(segment.file, checkpoints);
    for await (const { entries, checkpoint } of readSegment(manifests, segment, readingAsIs)) {
      const kind = checkpoint.offset <= readBytes ? "lost" : "unread";
      audit.onLooked?.(entries.length);
      const raws = [...new Set(entries.map((entry) => entry.raw))];
      for (const raw of await queries.missingOf(dataset.name, raws)) {
        yield { kind, raw, why: `${checkpoint.path}, up to line ${checkpoint.line}` };
      }
    }
  }
}

/**
 * Returns the number of bytes of a manifest file that have been read: all of a compressed one, and
 * all of a rotated one without a checkpoint, which was read before.
 */
function readBytesOf(file: ManifestFile, checkpoints: readonly Checkpoint[]): number {
  const known = checkpoints.find((checkpoint) => checkpoint.file === file.id);
  if (known !== undefined && !isCompressed(file)) return known.offset;
  return file.path === ACTIVE ? 0 : Number.POSITIVE_INFINITY;
}

/** `path` of the directory below `samples`, ended by a slash. */
async function* auditFiles(
  audit: Audit,
  directory: HeldDirectory,
  path: string,
): AsyncGenerator<Finding, void, void> {
  let names: string[] = [];
  for await (const entry of await opendir(entryPath(directory))) {
    const name = path + entry.name;
    audit.onLooked?.(1);
    if (entry.isDirectory()) yield* auditFolder(audit, directory, { name: entry.name, path });
    if (entry.isDirectory() || isRecords(name)) continue;
    if (audit.isRunning && temporaryName.test(entry.name)) continue;
    names.push(name);
    if (names.length < BATCH) continue;
    yield* orphansAmong(audit, names);
    names = [];
  }
  yield* orphansAmong(audit, names);
}

async function* orphansAmong(
  { dataset, queries }: Audit,
  names: readonly string[],
): AsyncGenerator<Finding, void, void> {
  const samples = names.map((name) => sampleOfPrevious(name) ?? name);
  const without = new Set(await queries.orphansAmong(dataset.name, samples));
  // A sample may have an end like that of a previous one itself.
  const orphans = names.filter((_, i) => without.has(samples[i] as string));
  for (const sample of await queries.orphansAmong(dataset.name, orphans))
    yield { kind: "orphan", sample, why: "no entry has this sample" };
}

/** Audits a directory. One that is gone again, or became a link, has no samples. */
async function* auditFolder(
  audit: Audit,
  parent: HeldDirectory,
  { name, path }: { readonly name: string; readonly path: string },
): AsyncGenerator<Finding, void, void> {
  try {
    using folder = holdBeneath(parent, name);
    yield* auditFiles(audit, folder, `${path}${name}/`);
  } catch (error) {
    if (!/^(ENOENT|ENOTDIR|ELOOP)$/.test(errorCode(error) ?? "")) throw error;
  }
}
