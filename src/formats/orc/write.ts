import type { CutStripe } from "./cut.ts";
import { bytesField, type Field, numberField } from "../../lib/protobuf.ts";
import { packed } from "./stream.ts";
import { type Stripe, STRIPE_FOOTER } from "./stripe.ts";
import { FOOTER, POSTSCRIPT, type Tail } from "./tail.ts";

/** The bytes that an ORC file begins with. */
export const START = Buffer.from("ORC");

/** A stripe of a sample. */
export interface WrittenStripe {
  readonly bytes: Buffer;
  readonly dataBytes: number;
  readonly rows: number;
  /** As in `CutStripe`. */
  readonly counts: CutStripe["counts"];
}

/** A stripe with these streams, without indexes; encodings and time zone are as they were. */
export function writeStripe(
  { stored }: Tail,
  { footer, streams: places }: Stripe,
  { streams, counts }: CutStripe,
  rows: number,
): WrittenStripe {
  const data: Buffer[] = [];
  const directory: Buffer[] = [];
  for (const { kind, column } of places) {
    const stream = packed(streams[column]?.get(kind) ?? Buffer.alloc(0), stored);
    const fields = [numberField(1, kind), numberField(2, column), numberField(3, stream.length)];
    directory.push(bytesField(STRIPE_FOOTER.streams, Buffer.concat(fields)));
    data.push(stream);
  }
  const others = rawWithout(footer, [STRIPE_FOOTER.streams]);
  const end = packed(Buffer.concat([...directory, ...others]), stored);
  const dataBytes = data.reduce((sum, { length }) => sum + length, 0);
  return { bytes: Buffer.concat([...data, end]), dataBytes, rows, counts };
}

/**
 * The end of a file of these stripes. Of its statistics there are the numbers of values and whether
 * there are nulls; there are none of stripes.
 */
export function writeTail(
  { footer, postscript, stored, types }: Tail,
  stripes: readonly WrittenStripe[],
): Buffer {
  let at = START.length;
  const places = stripes.map(({ bytes, dataBytes, rows }) => {
    const start = at;
    at += bytes.length;
    return bytesField(
      FOOTER.stripes,
      Buffer.concat([
        numberField(1, start),
        numberField(2, 0),
        numberField(3, dataBytes),
        numberField(4, bytes.length - dataBytes),
        numberField(5, rows),
      ]),
    );
  });
  const rows = stripes.reduce((sum, stripe) => sum + stripe.rows, 0);
  const statistics = types.map((_, id) => {
    const [values, nulls] = sumOf(stripes.map(({ counts }) => counts[id] ?? [0, 0]));
    const fields = [numberField(1, values), numberField(10, nulls > 0 ? 1 : 0)];
    return bytesField(FOOTER.statistics, Buffer.concat(fields));
  });
  const written = [
    numberField(FOOTER.headerLength, START.length),
    numberField(FOOTER.contentLength, at),
    ...places,
    ...rawWithout(footer, [
      FOOTER.headerLength,
      FOOTER.contentLength,
      FOOTER.stripes,
      FOOTER.rows,
      FOOTER.statistics,
      FOOTER.rowIndexStride,
    ]),
    numberField(FOOTER.rows, rows),
    ...statistics,
    numberField(FOOTER.rowIndexStride, 0),
  ];
  const end = packed(Buffer.concat(written), stored);
  const last = Buffer.concat(postscript.map((field) => postscriptField(field, end.length)));
  return Buffer.concat([end, last, Buffer.of(last.length)]);
}

function postscriptField({ id, raw }: Field, footerBytes: number): Buffer {
  if (id === POSTSCRIPT.footerLength) return numberField(id, footerBytes);
  if (id === POSTSCRIPT.metadataLength) return numberField(id, 0);
  return id === POSTSCRIPT.stripeStatisticsLength ? Buffer.alloc(0) : raw;
}

/** Fields as they stand, but for some. */
function rawWithout(fields: readonly Field[], leftOut: readonly number[]): Buffer[] {
  return fields.flatMap(({ id, raw }) => (leftOut.includes(id) ? [] : [raw]));
}

function sumOf(
  counts: readonly (readonly [values: number, nulls: number])[],
): readonly [values: number, nulls: number] {
  return counts.reduce(
    ([values, nulls], [more, moreNulls]) => [values + more, nulls + moreNulls],
    [0, 0],
  );
}
