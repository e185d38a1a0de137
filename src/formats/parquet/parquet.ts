import { Failure } from "../../errors.ts";
import { hasBytes } from "../../lib/signature.ts";
import type { Format, SampleRequest, SampleStream } from "../types.ts";
import { withoutSlice } from "../without-slice.ts";
import { readFooter, readRowGroup, type RowGroup } from "./footer.ts";
import { sliceGroup } from "./group.ts";
import { beginningsOf } from "./pages.ts";
import type { ColumnSlice } from "./slice.ts";
import type { Raw } from "./thrift.ts";
import { workFor } from "./work.ts";
import { type ChunkEntry, MAGIC, writeChunk, writeFooter, writeRowGroup } from "./write.ts";

/** Bytes that may be read for each column, where that is more than `limits.readBytes`. */
const COLUMN_READ_BYTES = 4 * 1024 * 1024;
/** Columns above which one file is sampled at a time: a column takes about 2 KB. */
const MANY_COLUMNS = 10_000;

/**
 * Apache Parquet: the first rows, cut out of their pages without a look at the values. The schema
 * and metadata stay as they are (github.com/apache/parquet-format).
 */
export const parquet: Format = {
  name: "parquet",
  extensions: [".parquet", ".pq"],
  kind: "binary",
  matches: (head) => hasMagic(head, "1") || hasMagic(head, "E"),
  sample: sampleParquet,
};

function hasMagic(head: Uint8Array, last: "1" | "E"): boolean {
  return hasBytes(head, [0x50, 0x41, 0x52, last.charCodeAt(0)]);
}

async function* sampleParquet({ source, limits, alone }: SampleRequest): SampleStream {
  const { slice: read, size, willSlice } = source;
  if (read === undefined || size === undefined)
    throw withoutSlice(source, "a Parquet in a container");
  checkHead(await source.head());
  const footer = await readFooter({ slice: read, size, willSlice }, limits.rows);
  if (footer.leaves.length > MANY_COLUMNS) await alone?.();
  source.allowReading?.(COLUMN_READ_BYTES * footer.leaves.length);

  const work = workFor(footer.leaves.length);
  yield MAGIC;
  let at = MAGIC.length;
  let rows = 0;
  let room = limits.bytes;
  const groups: Raw[] = [];
  for (const raw of footer.groups) {
    const group = readRowGroup(raw, footer.leaves);
    willSlice?.(group.chunks.flatMap(beginningsOf));
    const wanted = Math.min(limits.rows - rows, group.rows);
    const budget = { room, recordBytes: limits.recordBytes, isFirst: rows === 0, work };
    const sliced = await sliceGroup(read, group, footer.leaves, wanted, budget);
    if (sliced.rows === 0) break;
    const entries: ChunkEntry[] = [];
    for (const [i, leaf] of footer.leaves.entries()) {
      const slice = sliced.columns[i] as ColumnSlice;
      const chunk = group.chunks[i] as RowGroup["chunks"][number];
      const written = await writeChunk(slice, { leaf, chunk, at });
      yield written.bytes;
      at += written.bytes.length;
      entries.push(written.entry);
    }
    const written = writeRowGroup(entries, sliced.rows, group);
    groups.push(written);
    rows += sliced.rows;
    room -= sliced.bytes + written.bytes.length;
    if (sliced.rows < wanted) break;
  }
  yield writeFooter(footer, groups, rows);

  const complete = rows === footer.rows;
  const summary = { format: "parquet", rows, complete, warnings: [] };
  return complete ? summary : { ...summary, cut: rows < limits.rows ? "bytes" : "rows" };
}

function checkHead(head: Uint8Array): void {
  if (hasMagic(head, "1")) return;
  const what = hasMagic(head, "E")
    ? "an encrypted Parquet: it cannot be read without a key"
    : "not a Parquet: it does not begin with PAR1";
  throw new Failure("FORMAT_INVALID", what);
}
