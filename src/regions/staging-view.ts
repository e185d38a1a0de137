import type { Uses } from "../store/staging-store.ts";
import type { StagingDocument } from "./document.ts";

/** A staging as all regions that could be asked say it is. */
export interface StagingView {
  readonly staging_id: string;
  readonly filename: string;
  readonly kind: StagingDocument["kind"];
  readonly size_bytes: number;
  readonly file_count: number;
  /** Of its objects, where they are not the files as they are. */
  readonly compression?: StagingDocument["compression"];
  /** Bytes of the objects of compressed files, once it is known. */
  readonly stored_bytes?: StagingDocument["stored_bytes"];
  readonly sha256: string | null;
  readonly files_sha256: string | null;
  readonly destination: string;
  readonly uploaded_at: string;
  readonly expires_at: string;
  readonly sweep_id: string | null;
  /** `complete` where it is so in every region. */
  readonly state: ViewState;
  readonly regions: readonly RegionView[];
}

/** A staging in one region. */
export interface RegionView {
  readonly region: string;
  /** Undefined for a region that the configuration does not have. */
  readonly location?: string;
  readonly state: ViewState;
  readonly reason: string | null;
  /** Machines that fetched it from there, where that was asked for. */
  readonly uses?: number;
}

/** `missing`: the region has nothing of it; `unknown`: it could not be asked. */
export type ViewState = StagingDocument["state"] | "missing" | "unknown";

/** The first one that any region has is the state of all. */
const worst: readonly ViewState[] = [
  "deleting",
  "failed",
  "missing",
  "uploading",
  "replicating",
  "verifying",
  "unknown",
  "complete",
];

/** The answer of one region. */
export interface Answer {
  readonly region: string;
  /** Undefined for a region that the configuration does not have. */
  readonly bucket?: string;
  /** Its document; the last one that is known, where there is a problem. */
  readonly document?: StagingDocument | undefined;
  /** The reason why it could not be asked. */
  readonly problem?: string | undefined;
  /** Day → times that the staging was fetched from there, where that was asked for. */
  readonly uses?: Uses;
}

/** Folds answers of all regions of a configuration; undefined where none has the staging. */
export function viewOf(answers: readonly Answer[]): StagingView | undefined {
  const documents = answers.flatMap(({ document }) => document ?? []);
  // One that is complete knows more.
  const first = documents.find(({ state }) => state === "complete") ?? documents[0];
  if (first === undefined) return undefined;
  const { staging_id, filename, kind, size_bytes, file_count, sha256, files_sha256 } = first;
  const { destination, uploaded_at, sweep_id, compression, stored_bytes } = first;
  const regions = first.regions.map((name) =>
    regionView(first.staging_id, answers.find(({ region }) => region === name) ?? absent(name)),
  );
  const state = worst.find((each) => regions.some((region) => region.state === each)) ?? "unknown";
  const expires_at = documents
    .map((each) => each.expires_at)
    .toSorted()
    .at(-1) as string;
  const what = { staging_id, filename, kind, size_bytes, file_count, sha256, files_sha256 };
  const stored = compression === undefined ? {} : { compression, stored_bytes };
  return { ...what, ...stored, destination, uploaded_at, expires_at, sweep_id, state, regions };
}

function absent(region: string): Answer {
  return { region, problem: "the configuration does not have it" };
}

function regionView(id: string, { region, bucket, document, problem, uses }: Answer): RegionView {
  const what = {
    region,
    ...(bucket === undefined ? {} : { location: `s3://${bucket}/${id}/` }),
    ...(uses === undefined ? {} : { uses: sumOfUses(uses) }),
  };
  if (problem !== undefined) return { ...what, state: "unknown", reason: problem };
  if (document !== undefined) return { ...what, state: document.state, reason: document.reason };
  return { ...what, state: "missing", reason: "its bucket has nothing of it" };
}

/** The number of uses on all days. */
export function sumOfUses(uses: Uses): number {
  return Object.values(uses).reduce((sum, each) => sum + each, 0);
}
