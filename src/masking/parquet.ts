import { metadataOf, type ParquetMetadata } from "../decode/parquet-schema.ts";
import { type Footer, readFooter, readRowGroup, type RowGroup } from "../formats/parquet/footer.ts";
import { type GroupSlice, sliceGroup } from "../formats/parquet/group.ts";
import type { Leaf } from "../formats/parquet/schema.ts";
import type { ColumnSlice } from "../formats/parquet/slice.ts";
import { list, type Raw, struct, text } from "../formats/parquet/thrift.ts";
import { binary, listOf, structOf, written } from "../formats/parquet/thrift-write.ts";
import { workFor } from "../formats/parquet/work.ts";
import {
  type ChunkEntry,
  MAGIC,
  writeChunk,
  writeFooter,
  writeRowGroup,
} from "../formats/parquet/write.ts";
import { type Cell, type CellMask, maskCells } from "./cells.ts";
import type { ColumnRules } from "./columns.ts";
import type { MaskedSample, ToMask } from "./masked-sample.ts";
import { joinValues, type ValueCodec, valueCodec, valuesOf } from "./parquet-values.ts";
import { typesInPair } from "./parquet-pairs.ts";
import { impossible } from "./reasons.ts";
import type { Masked } from "./transforms.ts";

/** Characters of a column's name from which on it may be cut. */
const LONG_NAME = 200;
/** The field of a file's metadata that has pairs of key and value, and the type of a struct. */
const KEY_VALUES = 5;
const STRUCT = 12;
const pairOf = struct({ key: [1, text], value: [2, text] });

/** A row group of a sample, decoded. */
interface Group {
  readonly group: RowGroup;
  readonly sliced: GroupSlice;
}

/** The place of a column's values. */
type Place = Pick<Cell, "path" | "isKey">;

/** A column of a row group: its values, and the cells that they are. */
interface Column {
  readonly values: readonly Buffer[];
  readonly cells: readonly Cell[];
  readonly codec: ValueCodec | undefined;
}

/**
 * Masks the values of a Parquet sample, each as one of its physical type. All columns are written
 * again as the sampler writes them; of the pairs in its metadata those stay that tell types.
 * @throws NoSample
 */
export async function maskParquet({ bytes }: ToMask, mask: CellMask): Promise<MaskedSample> {
  const { footer, groups } = await decoded(bytes);
  const { leaves } = footer;
  const elements = leafElements(metadataOf(bytes), leaves.length);
  const places = leaves.map((leaf) => placeOf(leaf, mask.rules));
  const columns = groups.flatMap(({ sliced }) =>
    leaves.map((leaf, i) =>
      columnOf(leaf, elements[i], sliced.columns[i] as ColumnSlice, places[i] as Place),
    ),
  );
  const cells = columns.flatMap((column) => column.cells);
  const names = places.map(({ path }) => path);
  const { texts, warnings } = maskCells(cells, names, mask);
  let first = 0;
  const masked = columns.map((column, i) => {
    const next = first + column.cells.length;
    const values = maskedValues(column, texts.slice(first, next));
    first = next;
    return joinValues(values, leaves[i % leaves.length] as Leaf);
  });
  const isTold = cells.some(({ text: value }, i) => texts[i] !== undefined && tells(footer, value));
  return { bytes: await rewritten(footer, groups, masked, !isTold), warnings };
}

/** Decodes all of a sample. @throws NoSample where that is more than is held */
async function decoded(bytes: Uint8Array): Promise<{ footer: Footer; groups: readonly Group[] }> {
  const slice = async (start: number, end: number) => bytes.subarray(start, end);
  const all = Number.MAX_SAFE_INTEGER;
  const source = { slice, size: bytes.length };
  const footer = await readFooter(source, () => true);
  const work = workFor(footer.leaves.length);
  const groups: Group[] = [];
  for (const one of footer.groups) {
    const group = readRowGroup(one, footer.leaves);
    const budget = { room: all, recordBytes: all, isFirst: groups.length === 0, work };
    const sliced = await sliceGroup(slice, group, footer.leaves, group.rows, budget);
    if (sliced.rows !== group.rows) throw impossible("format");
    groups.push({ group, sliced });
  }
  return { footer, groups };
}

/** The elements of the schema that hold values. @throws NoSample where others have a meaning of their own */
function leafElements(
  { schema }: ParquetMetadata,
  count: number,
): readonly ParquetMetadata["schema"][number][] {
  const leaves = schema.filter(
    (one, i) => i > 0 && (one.num_children ?? 0) === 0 && one.type !== undefined,
  );
  const isOdd = schema.some((one) => /^(VARIANT|GEO)/.test(one.logical_type?.type ?? ""));
  if (isOdd || leaves.length !== count) throw impossible("type");
  return leaves;
}

function columnOf(
  leaf: Leaf,
  element: ParquetMetadata["schema"][number] | undefined,
  { values }: ColumnSlice,
  place: Place,
): Column {
  const found = valuesOf(values, leaf);
  if (element === undefined) throw impossible("format");
  const codec = valueCodec(leaf, element);
  const cells = found.map((value) => ({ ...place, kind: codec.kind, text: codec.read(value) }));
  return { values: found, cells, codec };
}

/**
 * The path of a column: lists as `[]`, as in JSON, and keys of maps as those of objects; its own
 * name where only that one has a rule, since fields of structs can be named as parts of lists are.
 */
function placeOf({ name }: Leaf, rules: ColumnRules): Place {
  if (name.length >= LONG_NAME) throw impossible("type");
  const place = placeInLists(name);
  const isOwn = rules.matching(place.path).length === 0 && rules.matching(name).length > 0;
  return isOwn ? { path: name } : place;
}

function placeInLists(name: string): Place {
  const path = name.replace(/\.(?:list\.(?:element|item)|bag\.array_element|array)(?=\.|$)/g, "[]");
  const [, map] = /^(.+)\.(?:key_value|map)\.key$/.exec(path) ?? [];
  if (map !== undefined) return { path: map, isKey: true };
  return { path: path.replace(/\.(?:key_value|map)\.value(?=\.|$)/g, ".value") };
}

function maskedValues(
  { values, codec }: Column,
  texts: readonly (Masked | undefined)[],
): readonly Buffer[] {
  return values.map((value, i) => {
    const masked = texts[i];
    return masked === undefined ? value : (codec as ValueCodec).write(masked);
  });
}

/** True when the pairs that would stay have a value in them. */
function tells({ kept }: Footer, value: string): boolean {
  const pairs = kept[KEY_VALUES];
  return pairs !== undefined && value.length > 4 && Buffer.from(pairs.bytes).includes(value);
}

async function rewritten(
  footer: Footer,
  groups: readonly Group[],
  values: readonly Buffer[],
  keepsPairs: boolean,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [MAGIC];
  const written: Raw[] = [];
  let at = MAGIC.length;
  let rows = 0;
  for (const [g, { group, sliced }] of groups.entries()) {
    const entries: ChunkEntry[] = [];
    for (const [i, leaf] of footer.leaves.entries()) {
      const column = sliced.columns[i] as ColumnSlice;
      const masked = { ...column, values: values[g * footer.leaves.length + i] as Buffer };
      const chunk = { ...(group.chunks[i] as RowGroup["chunks"][number]), keyValues: undefined };
      const { bytes, entry } = await writeChunk(masked, { leaf, chunk, at });
      pieces.push(bytes);
      at += bytes.length;
      entries.push(entry);
    }
    written.push(writeRowGroup(entries, sliced.rows, group));
    rows += sliced.rows;
  }
  pieces.push(writeFooter(withPairs(footer, keepsPairs), written, rows));
  return Buffer.concat(pieces);
}

/** The footer with those pairs only that tell types, or with none. */
function withPairs(footer: Footer, keepsAny: boolean): Footer {
  const { [KEY_VALUES]: pairs, ...kept } = footer.kept;
  if (pairs === undefined || !keepsAny) return { ...footer, kept };
  const all = list(pairOf)({ bytes: pairs.bytes, at: 0 }, pairs.type);
  const some = all.flatMap(({ key = "", value = "" }) => {
    const types = typesInPair(key, value);
    return types === undefined ? [] : [structOf({ 1: binary(key), 2: binary(types) })];
  });
  return { ...footer, kept: { ...kept, [KEY_VALUES]: written(listOf(STRUCT, some)) } };
}
