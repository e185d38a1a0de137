import { FOOTER, messagesIn, readTail } from "../formats/orc/tail.ts";
import type { OrcType } from "../formats/orc/types.ts";
import type { Source } from "../lib/source.ts";
import { type Field, fieldsOf } from "../lib/protobuf.ts";
import { counted } from "../lib/text.ts";
import type { WholeColumn, WholeFile } from "./whole-file.ts";

/** Fields of `ColumnStatistics` (orc_proto.proto). */
const STATISTICS = {
  values: 1,
  int: 2,
  double: 3,
  text: 4,
  decimal: 6,
  date: 7,
  timestamp: 9,
  hasNull: 10,
};

/**
 * The facts of a whole ORC file, by the statistics at its end, of its outermost columns.
 * @throws Failure FORMAT_INVALID, LIMIT_EXCEEDED; RangeError
 */
export async function orcWhole(
  slice: NonNullable<Source["slice"]>,
  size: number,
): Promise<WholeFile> {
  const { rows, stripes, types, footer, stored } = await readTail(slice, size);
  const statistics = messagesIn(footer, FOOTER.statistics);
  const [root] = types;
  const columns = root?.children.map((id, i): WholeColumn => {
    const fields = [...fieldsOf(statistics[id] ?? Buffer.alloc(0))];
    const [min, max] = endsOf(fields, types[id]);
    return { name: root.names[i] ?? "", min, max, nulls: nullsOf(fields, rows) };
  });
  return {
    rows,
    parts: counted(stripes.length, "stripe"),
    codecs: [stored.codec.name],
    columns: columns ?? [],
  };
}

/** The rows without a value; null where that is not said: writers without an index count none. */
function nullsOf(fields: readonly Field[], rows: number): number | null {
  const number = (wanted: number) => fields.find(({ id }) => id === wanted)?.number ?? 0;
  const values = number(STATISTICS.values);
  if (values === 0 && number(STATISTICS.hasNull) === 0) return null;
  return Math.max(0, rows - values);
}

/** The least and the greatest value as text. */
function endsOf(
  fields: readonly Field[],
  type: OrcType | undefined,
): [string | null, string | null] {
  const message = (wanted: number) => fields.find(({ id }) => id === wanted)?.bytes;
  const ends = (
    bytes: Buffer,
    textOf: (field: Field) => string | null,
    [least, most]: readonly [number, number] = [1, 2],
  ): [string | null, string | null] => {
    const found = [...fieldsOf(bytes)];
    const text = (wanted: number) => {
      const field = found.find(({ id }) => id === wanted);
      return field === undefined ? null : textOf(field);
    };
    return [text(least), text(most)];
  };
  const ints = message(STATISTICS.int);
  if (ints !== undefined) return ends(ints, ({ number }) => signedText(number, String));
  const doubles = message(STATISTICS.double);
  if (doubles !== undefined)
    return ends(doubles, ({ raw }) => String(raw.readDoubleLE(raw.length - 8)));
  const days = message(STATISTICS.date);
  if (days !== undefined)
    return ends(days, ({ number }) =>
      signedText(number, (day) => isoOf(day * 86_400_000)?.slice(0, 10)),
    );
  const times = message(STATISTICS.timestamp);
  // The first two are of the writer's time zone.
  if (times !== undefined) return ends(times, ({ number }) => signedText(number, isoOf), [3, 4]);
  const texts = message(type?.kind === "decimal" ? STATISTICS.decimal : STATISTICS.text);
  return texts === undefined ? [null, null] : ends(texts, ({ bytes }) => bytes.toString("utf8"));
}

/** A zigzag number as text; null where a number does not hold it. */
function signedText(zigzag: number, textOf: (n: number) => string | undefined): string | null {
  if (!Number.isSafeInteger(zigzag)) return null;
  return textOf(zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2) ?? null;
}

function isoOf(ms: number): string | undefined {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
