import { NoSample } from "../../errors.ts";
import type { Part } from "../../lib/source.ts";
import { invalid } from "./invalid.ts";
import { type Field, fieldsOf, numbersOf } from "../../lib/protobuf.ts";
import { openStream } from "./stream.ts";
import { MAX_FOOTER_BYTES, messagesIn, type StripePlace, type Tail } from "./tail.ts";

/** Fields of a stripe's footer (orc_proto.proto, `StripeFooter`). */
export const STRIPE_FOOTER = { streams: 1, columns: 2, timezone: 3, encryption: 4 } as const;
/** Kinds of streams (`Stream.Kind`). */
export const STREAM = { present: 0, data: 1, length: 2, dictionary: 3, secondary: 5 } as const;
/** Kinds that are no data of rows: counts of a dictionary, indexes, bloom filters. */
const LEFT_OUT: ReadonlySet<number> = new Set([4, 6, 7, 8]);
const KEPT: ReadonlySet<number> = new Set(Object.values(STREAM));

/** A stream of a stripe, and its place in the file. */
export interface StreamPlace extends Part {
  readonly kind: number;
  readonly column: number;
}

/** The encoding of a column (`ColumnEncoding`). */
export interface Encoding {
  readonly hasDictionary: boolean;
  /** The version of its runs of integers. */
  readonly version: 1 | 2;
  /** Values of its dictionary. */
  readonly dictionarySize: number;
}

/** The directory of a stripe. */
export interface Stripe {
  readonly footer: readonly Field[];
  /** Its streams of data, in their order. */
  readonly streams: readonly StreamPlace[];
  /** The place of a stream; undefined where there is none. */
  placeOf(column: number, kind: number): Part | undefined;
  /** By column. */
  readonly encodings: readonly Encoding[];
}

/**
 * Reads the footer of a stripe.
 * @throws Failure FORMAT_INVALID; NoSample for what we do not know; RangeError
 */
export async function readStripe(tail: Tail, place: StripePlace): Promise<Stripe> {
  const bytes = await openStream(tail.stored, place.footer).all(MAX_FOOTER_BYTES);
  const footer = [...fieldsOf(bytes)];
  if (footer.some(({ id }) => id === STRIPE_FOOTER.encryption)) throw new NoSample("encrypted ORC");
  const encodings = messagesIn(footer, STRIPE_FOOTER.columns).map(encodingOf);
  if (encodings.length !== tail.types.length) throw invalid("a stripe without its encodings");
  const streams = streamsOf(messagesIn(footer, STRIPE_FOOTER.streams), place);
  const places = new Map(streams.map((stream) => [keyOf(stream.column, stream.kind), stream]));
  if (places.size < streams.length) throw invalid("a stream that is there twice");
  const placeOf = (column: number, kind: number) => places.get(keyOf(column, kind));
  return { footer, streams, placeOf, encodings };
}

/** The time zone in which timestamps were written. */
export function writerTimezone({ footer }: Stripe): string | undefined {
  return messagesIn(footer, STRIPE_FOOTER.timezone)[0]?.toString("utf8");
}

function keyOf(column: number, kind: number): string {
  return `${column} ${kind}`;
}

/** The streams follow each other from the stripe's beginning, those of indexes first. */
function streamsOf(messages: readonly Buffer[], { start, data }: StripePlace): StreamPlace[] {
  const streams: StreamPlace[] = [];
  let at = start;
  for (const message of messages) {
    const { kind, column, length } = streamOf(message);
    const place = { kind, column, start: at, end: at + length };
    at = place.end;
    if (LEFT_OUT.has(kind)) continue;
    if (!KEPT.has(kind)) throw new NoSample(`an ORC with streams of the kind ${kind}`);
    if (at > data.end) throw invalid("a stream outside of its stripe");
    streams.push(place);
  }
  return streams;
}

function streamOf(message: Buffer): { kind: number; column: number; length: number } {
  const numbers = numbersOf(message);
  const [kind = 0, column = 0, length = 0] = [1, 2, 3].map((id) => numbers.get(id));
  return { kind, column, length };
}

function encodingOf(message: Buffer): Encoding {
  const numbers = numbersOf(message);
  const kind = numbers.get(1) ?? 0;
  if (kind > 3) throw new NoSample(`an ORC with the encoding ${kind}`);
  const hasDictionary = kind % 2 === 1;
  return { hasDictionary, version: kind < 2 ? 1 : 2, dictionarySize: numbers.get(2) ?? 0 };
}
