import type { Change } from "../../checks/shape/compare.ts";
import { judge, type Judged, type SeenFile } from "../../checks/shape/series.ts";
import { seriesKey } from "../../checks/shape/series-key.ts";
import type { Version } from "../../checks/shape/version.ts";
import type { Config } from "../../config/schema.ts";
import type { Settings } from "../../config/settings.ts";
import type { DriftFinding, ReportedChange, ShapeLine } from "../../samples/findings.ts";
import type { DriftStore } from "../../store/drift-store.ts";
import type { Finished } from "./finished.ts";

/** Changes that a finding names, at most. */
const MOST_CHANGES = 20;

/** The shapes of a batch of one dataset, compared with those before. */
export interface BatchDrift {
  /** The number of the shape that a sample has. */
  readonly shapeOf: (finished: Finished) => string | undefined;
  readonly shapes: readonly ShapeLine[];
  readonly findings: readonly DriftFinding[];
  /** Remembers all of it, once it is written. */
  save(): Promise<void>;
}

/** Compares the shapes of a batch with those of their series, in the order in which lines came. */
export async function judgeBatch(
  dataset: string,
  batch: readonly Finished[],
  options: { readonly store: DriftStore; readonly settings: Settings; readonly now: number },
): Promise<BatchDrift> {
  const { store, now } = options;
  const { drift } = options.settings.forDataset(dataset);
  const files = batch
    .toSorted((a, b) => a.claim.job.seq - b.claim.job.seq)
    .flatMap((finished) => filesOf(finished, drift, now));
  if (files.length === 0) return NOTHING;
  const series = new Map(await store.series(dataset, new Set(files.map(({ key }) => key))));
  const numbers = new Map<Finished, string>();
  const shapes: ShapeLine[] = [];
  const findings: DriftFinding[] = [];
  const at = new Date(now).toISOString();
  for (const { finished, key, isWhole, seen } of files) {
    const judged = judge(series.get(key), seen, drift);
    const { version, isNew } = judged;
    series.set(key, judged.series);
    if (isWhole && version !== undefined) numbers.set(finished, version.shape);
    const place = { at, raw: seen.raw, series: key };
    if (isNew && version !== undefined) shapes.push(shapeLine(place, version));
    const changes = reported(judged.changes, drift.report);
    if (changes.length > 0) findings.push(findingOf(place, judged, changes));
  }
  return {
    shapeOf: (finished) => numbers.get(finished),
    shapes,
    findings,
    save: () => store.saveSeries(dataset, series, { now, most: drift.maxSeries }),
  };
}

const NOTHING: BatchDrift = {
  shapeOf: () => undefined,
  shapes: [],
  findings: [],
  save: async () => undefined,
};

/** A file, or a member of one, to compare with those of its series. */
interface ShapedFile {
  readonly finished: Finished;
  readonly key: string;
  /** False for a member of an archive. */
  readonly isWhole: boolean;
  readonly seen: SeenFile;
}

function filesOf(finished: Finished, { series }: Config["drift"], at: number): ShapedFile[] {
  const { claim, outcome } = finished;
  if (outcome.outcome !== "sampled" || outcome.shapes === undefined) return [];
  const { raw } = claim.job;
  const { rows, sourceSize } = outcome;
  return outcome.shapes.map(({ member, shape }) => {
    const isWhole = member === null;
    const of = isWhole ? "" : `!${seriesKey(member, [])}`;
    // A path that is not UTF-8 has halves of surrogate pairs.
    const key = `${seriesKey(raw, series)}${of}`.toWellFormed();
    const size = isWhole ? sourceSize : null;
    return {
      finished,
      key,
      isWhole,
      seen: { raw, at, shape, size, rows: isWhole ? rows : undefined },
    };
  });
}

/** The line for a shape that was not seen before. */
function shapeLine(
  place: Pick<ShapeLine, "at" | "raw" | "series">,
  { shape, format, dialect, header, names, types, columnCount }: Version,
): ShapeLine {
  const first = header === undefined ? {} : { header };
  return { ...place, shape, format, dialect, ...first, names, types, columnCount };
}

function reported(changes: readonly Change[], report: Config["drift"]["report"]): ReportedChange[] {
  return changes.flatMap((change) => {
    const severity = report[change.change];
    return severity === "off" ? [] : [{ ...change, severity }];
  });
}

function findingOf(
  place: Pick<DriftFinding, "at" | "raw" | "series">,
  { before, version }: Judged,
  changes: readonly ReportedChange[],
): DriftFinding {
  return {
    ...place,
    kind: "drift",
    severity: changes.some(({ severity }) => severity === "warn") ? "warn" : "info",
    ...(before === undefined ? {} : { was: before.shape }),
    ...(version === undefined ? {} : { shape: version.shape }),
    changes: changes.slice(0, MOST_CHANGES),
    more: Math.max(0, changes.length - MOST_CHANGES),
  };
}
