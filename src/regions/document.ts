import { randomBytes } from "node:crypto";
import { z } from "zod";
import { Failure } from "../errors.ts";
import { compressions } from "./compression.ts";

/** States of a staging in one region. */
export const regionStates = [
  "uploading",
  "replicating",
  "verifying",
  "complete",
  "failed",
  "deleting",
] as const;

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** `_staging.json`, which says what lies in a bucket below an id. What it does not know it keeps. */
const documentSchema = z.looseObject({
  staging_id: z.string(),
  filename: z.string(),
  kind: z.enum(["file", "tree"]),
  size_bytes: z.int().nonnegative(),
  file_count: z.int().nonnegative(),
  /** Of its objects; without it they are the files as they are. */
  compression: z.enum(compressions).optional(),
  /** Bytes of the objects of compressed files, once all of them are there. */
  stored_bytes: z.int().nonnegative().optional(),
  /** Of the file; null of a tree, and until it is known. */
  sha256: hash.nullable(),
  /** Of `_files.jsonl`; null until it is known. */
  files_sha256: hash.nullable(),
  regions: z.array(z.string()),
  /** The region of the bucket that this document lies in. */
  region: z.string(),
  state: z.enum(regionStates),
  reason: z.string().nullable(),
  destination: z.string(),
  uploaded_at: z.iso.datetime(),
  /** The time at which all was in this region and verified; null until then. */
  completed_at: z.iso.datetime().nullable().default(null),
  /** Requests that putting all files takes: one for each, or one for each part and two. */
  put_requests: z.int().nonnegative().nullable().default(null),
  expires_at: z.iso.datetime(),
  sweep_id: z.string().nullable(),
  /** New with each process that sends to the region; one that finds another's gives way. */
  sender: z.string().optional(),
  /** The path at which `stage resume` finds the files, on the machine that sends them. */
  source_path: z.string(),
  /** Other accounts that may read it, by the policies of its buckets. */
  allow_accounts: z.array(z.string()).optional(),
});

/** A staging as a bucket describes it. */
export type StagingDocument = Readonly<z.output<typeof documentSchema>>;

/** `_ended/{id}.json`: the last document of a staging that was removed, for what it cost. */
const endedSchema = documentSchema.extend({
  deleted_at: z.iso.datetime(),
  /** Day → times that it was fetched from this bucket. */
  uses: z.record(z.iso.date(), z.int().positive()),
});

/** A staging that was removed, as a bucket describes it. */
export type EndedDocument = Readonly<z.output<typeof endedSchema>>;

/** The name that it has below a staging's id. */
export const DOCUMENT = "_staging.json";
/** The name of the list of files, below the id. */
export const FILES = "_files.jsonl";
/** The beginning of the names of uses, below the id. */
export const USES = "_uses/";
/** The beginning of the keys of what is known of stagings that were removed. */
export const ENDED = "_ended/";

const DAY_MS = 86_400_000;
const MOST_DAYS = 90;
/** Age of a staging at its end. */
const MOST_AGE_DAYS = 365;
/** Age at which a bucket removes by itself what was forgotten: no staging gets as old. */
export const KEPT_DAYS = 400;

/** A new id. */
export function newId(): string {
  return `stage-${randomBytes(6).toString("hex")}`;
}

/** A new sender. */
export function newSender(): string {
  return randomBytes(6).toString("hex");
}

/** True of the id of a staging. */
export function isId(text: string): boolean {
  return /^stage-[0-9a-f]{12}$/.test(text);
}

/** Bytes of a staging's files as a bucket keeps them; those of the files until that is known. */
export function keptBytes({
  stored_bytes,
  size_bytes,
}: Pick<StagingDocument, "stored_bytes" | "size_bytes">): number {
  return stored_bytes ?? size_bytes;
}

/** Reads a document. @throws Failure FORMAT_INVALID, which names the location */
export function parseDocument(bytes: Uint8Array, location: string): StagingDocument {
  return parsed(documentSchema, bytes, `${location} describes no staging`);
}

/** Reads what is known of a staging that was removed. @throws Failure FORMAT_INVALID */
export function parseEnded(bytes: Uint8Array, location: string): EndedDocument {
  return parsed(endedSchema, bytes, `${location} describes no staging that was removed`);
}

function parsed<T>(schema: z.ZodType<T>, bytes: Uint8Array, told: string): T {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString("utf8")));
  } catch (error) {
    const first = error instanceof z.ZodError ? error.issues[0] : undefined;
    const what =
      first === undefined ? "it is no JSON" : `${first.path.join(".")}: ${first.message}`;
    throw new Failure("FORMAT_INVALID", `${told}: ${what}`);
  }
}

/** The bytes of a document. */
export function documentBytes(document: StagingDocument | EndedDocument): Buffer {
  return Buffer.from(`${JSON.stringify(document, null, 2)}\n`);
}

/**
 * The time that is over so many days after another.
 * @throws Failure USAGE for other than 1 to 90 days, and for more than a year after it was uploaded
 */
export function expiry(from: Date, days: number, uploaded = from): string {
  if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
    throw new Failure("USAGE", `--ttl is a number of days, 1 to ${MOST_DAYS}`);
  const at = from.getTime() + days * DAY_MS;
  const last = uploaded.getTime() + MOST_AGE_DAYS * DAY_MS;
  if (at <= last) return new Date(at).toISOString();
  const left = Math.max(0, Math.floor((last - from.getTime()) / DAY_MS));
  const age = `a staging goes ${MOST_AGE_DAYS} days after its upload at the latest`;
  throw new Failure("USAGE", `${age}: ${left} are left of them. Upload it again to have it longer`);
}
