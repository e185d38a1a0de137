import { cut } from "../decode/cell.ts";
import { orcWhole } from "../decode/orc-footer.ts";
import { parquetWhole } from "../decode/parquet-footer.ts";
import type { WholeFile } from "../decode/whole-file.ts";
import { errorMessage, Failure } from "../errors.ts";
import type { LocalFile } from "../lake/local-file.ts";
import { bytesText, counted } from "../lib/text.ts";
import { tableOf } from "./table.ts";
import type { Table, View } from "./types.ts";
import { withFile, type FileOptions } from "./with-file.ts";

/** Bytes of a footer that is looked at, at most: it is decoded as a whole. */
const MAX_FOOTER_BYTES = 4 * 1024 * 1024;

/** Options of `readWholeFile`. */
export interface WholeOptions extends FileOptions {
  readonly format: "parquet" | "orc";
  /** Bytes that the file has, unless it is another one now. */
  readonly size: number;
}

/** Formats whose files say at their end what is in them. */
export function saysItself(format: string | null): format is WholeOptions["format"] {
  return format === "parquet" || format === "orc";
}

/**
 * The facts that the end of a file has of all its rows, and a row for each of its columns. Reads no
 * more than that end. `path` is absolute.
 * @throws Failure FILE_MISSING, FILE_UNREADABLE, FILE_CHANGED, PATH_REFUSED, FORMAT_INVALID,
 * LIMIT_EXCEEDED
 */
export async function readWholeFile(path: string, options: WholeOptions): Promise<View> {
  const { format, size } = options;
  return withFile(path, options, async (file) => {
    if (file.size !== size) throw new Failure("FILE_CHANGED", `it has ${file.size} bytes now`);
    try {
      const whole = await (format === "orc" ? orcWhole(sliceOf(file), file.size) : parquetOf(file));
      return { format, facts: [], tables: [tableOfWhole(whole, file.size)], warnings: [] };
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw new Failure("FORMAT_INVALID", errorMessage(error), { cause: error });
    }
  });
}

async function parquetOf(file: LocalFile): Promise<WholeFile> {
  const slice = sliceOf(file);
  const { size } = file;
  if (size < 12) throw new Failure("FORMAT_INVALID", "not a Parquet");
  const end = Buffer.from(await slice(size - 8, size));
  const length = end.readUInt32LE(0) + 8;
  if (length > Math.min(size, MAX_FOOTER_BYTES))
    throw new Failure("LIMIT_EXCEEDED", `a footer of ${length} bytes`);
  return parquetWhole(await slice(size - length, size));
}

function sliceOf({ slice }: LocalFile): NonNullable<LocalFile["slice"]> {
  if (slice === undefined) throw new Failure("FILE_UNREADABLE", "it cannot be read from its end");
  return slice;
}

function tableOfWhole({ rows, parts, codecs, columns }: WholeFile, size: number): Table {
  const text = (value: string | null) => (value === null ? null : cut(value));
  return tableOf({
    title: "over the whole file, by its footer",
    columns: [
      { name: "column", type: "text" },
      { name: "min", type: "text" },
      { name: "max", type: "text" },
      { name: "nulls", type: "integer" },
    ],
    rows: columns.map(({ name, min, max, nulls }) => [
      cut(name),
      text(min),
      text(max),
      nulls === null ? null : String(nulls),
    ]),
    notes: [
      `${counted(rows, "row")} in ${parts}, ${bytesText(size)}`,
      ...(codecs.length === 0 ? [] : [`compressed with ${codecs.join(", ")}`]),
    ],
  });
}
