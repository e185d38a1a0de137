import { withWholeCells } from "../decode/cell.ts";
import { isText } from "../lib/encoding.ts";
import type { Mapped } from "../lib/mapped-names.ts";
import type { SampleSummary } from "../formats/types.ts";
import type { Mask } from "../masking/mask.ts";
import { viewAny } from "./any.ts";
import { headTable } from "./hex.ts";
import { counted } from "../lib/text.ts";
import type { Counted } from "./table.ts";
import { defaultLimits, takeSample, type TakenSample } from "./take-sample.ts";
import type { View } from "./types.ts";
import { type FileOptions, withFile } from "./with-file.ts";

export type { Column, Table, View } from "./types.ts";

/** Rows that are looked at, even if more are asked for. */
const MAX_ROWS = 100_000;

/** Bytes of a file that cannot be sampled that are shown of it, at most. */
const SHOWN_HEAD_BYTES = 4096;

/** Options of `readView`. */
export interface ViewOptions extends FileOptions {
  /** Rows of each table. */
  readonly rows: number;
  /** Formats by name, from the configuration. */
  readonly extensions?: Mapped;
  /** True for cells of up to a million characters; others end after 200. */
  readonly hasWholeCells?: boolean;
  /** The mask under which the file is shown, where it is no sample that was made under it. */
  readonly mask?: Mask | undefined;
}

/**
 * Shows a file, a sample or any other. It is sampled into memory first, so that neither its size
 * nor its content matters, and the content of that sample is shown. `path` is absolute.
 * @throws Failure FILE_MISSING, FILE_UNREADABLE, PATH_REFUSED, FORMAT_INVALID, LIMIT_EXCEEDED,
 * TIMEOUT
 */
export async function readView(path: string, options: ViewOptions): Promise<View> {
  const { rows, extensions = {}, hasWholeCells = false, mask } = options;
  const limits = limitsFor(rows);
  const show = () =>
    withFile(path, options, async (source, signal) => {
      const sample = await takeSample({ source, limits, signal, depth: 0, extensions }, mask);
      return viewSample(sample, { name: source.name, rows, extensions, signal });
    });
  return hasWholeCells ? withWholeCells(show) : show();
}

/**
 * Shows the first bytes of a file that cannot be sampled. `path` is absolute.
 * @throws Failure FILE_MISSING, FILE_UNREADABLE, PATH_REFUSED
 */
export async function readHead(path: string, options: Omit<ViewOptions, "rows">): Promise<View> {
  return withFile(path, options, async (source) => ({
    format: "unknown",
    facts: [["size", counted(source.size, "byte")]],
    tables: [headTable((await source.head()).subarray(0, SHOWN_HEAD_BYTES))],
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
 * entries is known all the same. Rows from all over a file are not its first ones: they stand for
 * themselves.
 */
function countedIn({ rows, cut, entries, strategy = "head" }: SampleSummary): {
  readonly counted?: Counted;
} {
  if (entries !== undefined) return { counted: { rows: entries } };
  if (rows !== undefined && strategy !== "head") return { counted: { rows } };
  return rows === undefined ? {} : { counted: { rows, cut } };
}

/**
 * Limits for a view. With few rows it still tells how many more there are, up to those of a sample.
 */
function limitsFor(rows: number): typeof defaultLimits {
  const { members } = defaultLimits;
  const wanted = Math.min(rows, MAX_ROWS);
  // An archive that is a sample has its listing as a member.
  const most = { members: members + 1, tarMembers: members + 1 };
  return { ...defaultLimits, rows: Math.max(wanted, defaultLimits.rows), ...most };
}
