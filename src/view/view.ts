import { basename } from "node:path";
import { errorMessage, Failure, systemErrorIn } from "../errors.ts";
import { startDeadline } from "../lib/deadline.ts";
import { type LocalFile, openLocalFile } from "../lake/local-file.ts";
import { isText } from "../lib/encoding.ts";
import { HEAD_BYTES } from "../lib/source.ts";
import type { SampleSummary } from "../formats/types.ts";
import { viewAny } from "./any.ts";
import { headTable } from "./hex.ts";
import { counted } from "../lib/text.ts";
import type { Counted } from "./table.ts";
import { defaultLimits, takeSample, type TakenSample } from "./take-sample.ts";
import type { View } from "./types.ts";

export type { Column, Table, View } from "./types.ts";

/** Rows that are looked at, even if more are asked for. */
const MAX_ROWS = 100_000;

/** Options of `readView`. */
export interface ViewOptions {
  /** Rows of each table. */
  readonly rows: number;
  /** The name that decides the format besides the content, where the file's own name does not. */
  readonly name?: string;
  /** Extension → format name, from the configuration. */
  readonly extensions?: Readonly<Record<string, string>>;
  /** Real paths of the directories the file has to be in; any where none are given. */
  readonly roots?: readonly string[];
}

/**
 * Shows a file, a sample or any other. It is sampled into memory first, so that neither its size
 * nor its content matters, and the content of that sample is shown. `path` is absolute.
 * @throws Failure FILE_MISSING, FILE_UNREADABLE, PATH_REFUSED, FORMAT_INVALID, LIMIT_EXCEEDED,
 * TIMEOUT
 */
export async function readView(path: string, options: ViewOptions): Promise<View> {
  const { rows, extensions = {} } = options;
  const limits = limitsFor(rows);
  return withFile(path, options, async (source, signal) => {
    const sample = await takeSample({ source, limits, signal, depth: 0, extensions });
    return viewSample(sample, { name: source.name, rows, extensions, signal });
  });
}

/**
 * Shows the first bytes of a file that cannot be sampled. `path` is absolute.
 * @throws Failure FILE_MISSING, FILE_UNREADABLE, PATH_REFUSED
 */
export async function readHead(path: string, options: Omit<ViewOptions, "rows">): Promise<View> {
  return withFile(path, options, async (source) => ({
    format: "unknown",
    facts: [["size", counted(source.size, "byte")]],
    tables: [headTable(await source.head())],
    warnings: [],
  }));
}

/**
 * Shows a sample that was taken; for a file without a sample in its own format, also its first
 * bytes. `name` is the name of that file.
 */
export async function viewSample(
  { bytes, summary, extension, head }: TakenSample,
  options: Pick<ViewOptions, "rows" | "extensions"> & {
    readonly name: string;
    readonly signal: AbortSignal;
  },
): Promise<View> {
  const { name, rows, extensions = {}, signal } = options;
  const { format, warnings } = summary;
  const view = await viewAny({
    bytes,
    name: name + (extension ?? ""),
    rows,
    ...countedIn(summary),
    limits: limitsFor(rows),
    extensions,
    signal,
    depth: 0,
  });
  // Of text, the description has the first lines.
  const isShown = format !== "metadata" || isText(head);
  const tables = isShown ? view.tables : [...view.tables, headTable(head)];
  return { ...view, format, tables, warnings: [...warnings, ...view.warnings] };
}

/**
 * The number of rows, and what cut them. An archive is cut where members are; the number of its
 * entries is known all the same.
 */
function countedIn({ rows, cut, entries }: SampleSummary): { readonly counted?: Counted } {
  if (entries !== undefined) return { counted: { rows: entries } };
  return rows === undefined ? {} : { counted: { rows, cut } };
}

/**
 * Limits for a view. With few rows it still tells how many more there are, up to those of a sample.
 */
function limitsFor(rows: number): typeof defaultLimits {
  const { members } = defaultLimits;
  const wanted = Math.min(rows, MAX_ROWS);
  // A zip that is a sample has its listing as a member.
  return { ...defaultLimits, rows: Math.max(wanted, defaultLimits.rows), members: members + 1 };
}

async function withFile<T>(
  path: string,
  { name = basename(path), roots = ["/"] }: Omit<ViewOptions, "rows">,
  work: (source: LocalFile, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(defaultLimits.seconds, new AbortController().signal);
  const { signal } = deadline;
  const memory = Buffer.allocUnsafe(HEAD_BYTES);
  const { readBytes } = defaultLimits;
  try {
    const source = openLocalFile(path, { roots, name, readBytes, signal, memory });
    try {
      return await work(source, signal);
    } finally {
      source.close();
    }
  } catch (error) {
    throw failureOf(error);
  } finally {
    deadline.stop();
  }
}

/** Gives each error a code. */
function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const code = systemErrorIn(error) === undefined ? "UNEXPECTED" : "FILE_UNREADABLE";
  return new Failure(code, errorMessage(error), { cause: error });
}
