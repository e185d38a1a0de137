import { NoSample } from "../../errors.ts";
import { bitAt, type CutRuns, cutBits, cutBytes, cutPlain } from "./byte-runs.ts";
import { lengthRuns, sparse } from "./dictionary.ts";
import { cutIntegers, type IntegerForm, readIntegers, sum } from "./integer-runs.ts";
import { invalid, underflow } from "./invalid.ts";
import { openStream } from "./stream.ts";
import { STREAM, type Stripe } from "./stripe.ts";
import type { Tail } from "./tail.ts";
import { isShortDecimal, type OrcType } from "./types.ts";
import { endOfVarints } from "./varint.ts";

/** Values that are counted for a sample, at most: rows and what is nested in them; words as well. */
const MAX_VALUES = 4 * 1024 * 1024;
const MAX_WORDS = 1024 * 1024;

/** Bytes of a stripe's dictionaries that are looked through, at most. */
const MAX_DICTIONARY_BYTES = 64 * 1024 * 1024;

/** Thrown where rows have more bytes than there is room for. */
const FULL = new Error("there is no room for these rows");

/** The first rows of a stripe. */
export interface CutStripe {
  /** By column, then by kind. */
  readonly streams: readonly ReadonlyMap<number, Buffer>[];
  /** Values of each column that are not null, and nulls. */
  readonly counts: readonly (readonly [values: number, nulls: number])[];
  /** Bytes of all streams. */
  readonly bytes: number;
}

/**
 * Cuts the streams of a stripe after some rows; undefined where these have more than `room` bytes.
 * @throws Failure FORMAT_INVALID; NoSample for what we do not know, and for large dictionaries; what
 * reading throws
 */
export async function cutStripe(
  tail: Tail,
  stripe: Stripe,
  rows: number,
  room: number,
): Promise<CutStripe | undefined> {
  try {
    return await cutColumns(tail, stripe, rows, room);
  } catch (error) {
    if (error === FULL) return undefined;
    throw error;
  }
}

async function cutColumns(
  { types, version, stored }: Tail,
  stripe: Stripe,
  rows: number,
  room: number,
): Promise<CutStripe> {
  const streams = types.map(() => new Map<number, Buffer>());
  const counts: [number, number][] = types.map(() => [0, 0]);
  const wanted = types.map(() => 0);
  wanted[0] = rows;
  let bytes = 0;
  let dictionaryBytes = 0;
  let values = 0;
  let words = 0;

  for (const [id, type] of types.entries()) await cutColumn(id, type);
  return { streams, counts, bytes };

  async function cutColumn(id: number, type: OrcType): Promise<void> {
    const all = wanted[id] as number;
    values += all;
    if (values > MAX_VALUES) throw FULL;
    const mayBeNull = stripe.placeOf(id, STREAM.present) !== undefined;
    const count = mayBeNull ? await present(id, all) : all;
    counts[id] = [count, all - count];
    for (const [child, below] of await cutValues(id, type, count)) wanted[child] = below;
  }

  async function present(id: number, all: number): Promise<number> {
    const { values: bits } = await take(id, STREAM.present, (found) => cutBits(found, all));
    let count = 0;
    for (let i = 0; i < all; i += 1) if (bitAt(bits, i)) count += 1;
    return count;
  }

  /** Cuts all but the nulls of a column; returns the values that are wanted of those below it. */
  async function cutValues(
    id: number,
    type: OrcType,
    count: number,
  ): Promise<(readonly [child: number, count: number])[]> {
    const { kind, children } = type;
    const { hasDictionary, version: runs } = stripe.encodings[id] as Stripe["encodings"][number];
    const signed: IntegerForm = { version: runs, isSigned: true };
    const unsigned: IntegerForm = { version: runs, isSigned: false };
    switch (kind) {
      case "boolean":
        await take(id, STREAM.data, (found) => cutBits(found, count));
        return [];
      case "tinyint":
        await take(id, STREAM.data, (found) => cutBytes(found, count));
        return [];
      case "smallint":
      case "int":
      case "bigint":
      case "date":
        await takeIntegers(id, STREAM.data, count, signed);
        return [];
      case "float":
      case "double":
        await takeBytes(id, count * (kind === "float" ? 4 : 8));
        return [];
      case "timestamp":
      case "timestamp_instant":
        await takeIntegers(id, STREAM.data, count, signed);
        await takeIntegers(id, STREAM.secondary, count, unsigned);
        return [];
      case "decimal":
        if (isShortDecimal(type, version)) {
          await takeIntegers(id, STREAM.data, count, { version: 2, isSigned: true });
          return [];
        }
        await take(id, STREAM.data, (found) => cutPlain(found, endOfVarints(found, 0, count)));
        await takeIntegers(id, STREAM.secondary, count, signed);
        return [];
      case "string":
      case "varchar":
      case "char":
      case "binary":
      case "geometry":
      case "geography":
        if (hasDictionary) await takeWords(id, count, unsigned);
        else await takeBytes(id, sum(await lengths(id, count, unsigned)));
        return [];
      case "array":
      case "map": {
        const below = sum(await lengths(id, count, unsigned));
        return children.map((child) => [child, below] as const);
      }
      case "struct":
        return children.map((child) => [child, count] as const);
      case "union": {
        const { values: tags } = await take(id, STREAM.data, (found) => cutBytes(found, count));
        const below = children.map(() => 0);
        for (const tag of tags) {
          if (tag >= below.length) throw invalid("a union of no such type");
          below[tag] = (below[tag] as number) + 1;
        }
        return children.map((child, i) => [child, below[i] as number] as const);
      }
      default:
        throw new NoSample("an ORC with a type that is not known");
    }
  }

  /** Cuts references into a dictionary, and takes the words that they lead to. */
  async function takeWords(id: number, count: number, form: IntegerForm): Promise<void> {
    const { dictionarySize } = stripe.encodings[id] as Stripe["encodings"][number];
    const { values: found } = await take(id, STREAM.data, (data) =>
      readIntegers(data, count, form),
    );
    const used = new Set(found.map(Number));
    if (found.some((word) => word < 0n || word >= dictionarySize))
      throw invalid("a word of no dictionary");
    words += dictionarySize;
    if (dictionarySize > MAX_WORDS || words > MAX_VALUES) {
      throw new NoSample(`a dictionary of ${dictionarySize} words`);
    }
    const { values: all } = await look(id, STREAM.length, (part) =>
      readIntegers(part, dictionarySize, form),
    );
    const lengths = all.map(Number);
    const last = found.reduce((most, word) => Math.max(most, Number(word)), -1);
    const end = sum(all.slice(0, last + 1));
    const { cut } = await look(id, STREAM.dictionary, (part) => cutPlain(part, end));
    const dictionary = sparse(lengths, cut, used);
    keep(id, STREAM.length, lengthRuns(dictionary.lengths, form.version));
    keep(id, STREAM.dictionary, dictionary.words);
  }

  /** Cuts a stream of a dictionary, of which not all is kept. */
  async function look<Values>(
    id: number,
    kind: number,
    cut: (found: Buffer) => CutRuns<Values>,
  ): Promise<CutRuns<Values>> {
    const large = new NoSample(`its dictionaries are larger than ${MAX_DICTIONARY_BYTES} bytes`);
    const found = await decode(id, kind, cut, MAX_DICTIONARY_BYTES - dictionaryBytes, large);
    dictionaryBytes += found.cut.length;
    return found;
  }

  async function lengths(id: number, count: number, form: IntegerForm): Promise<bigint[]> {
    return (await take(id, STREAM.length, (found) => readIntegers(found, count, form))).values;
  }

  async function takeIntegers(
    id: number,
    kind: number,
    count: number,
    form: IntegerForm,
  ): Promise<void> {
    await take(id, kind, (found) => ({ cut: cutIntegers(found, count, form), values: undefined }));
  }

  async function takeBytes(id: number, count: number): Promise<void> {
    await take(id, STREAM.data, (found) => cutPlain(found, count));
  }

  /** Cuts one stream, if there is room for it, and keeps it. */
  async function take<Values>(
    id: number,
    kind: number,
    cut: (found: Buffer) => CutRuns<Values>,
  ): Promise<CutRuns<Values>> {
    const found = await decode(id, kind, cut, room - bytes, FULL);
    keep(id, kind, found.cut);
    return found;
  }

  /** Decodes a stream as far as it is needed, and up to so many bytes. @throws full, beyond these */
  function decode<T>(
    id: number,
    kind: number,
    by: (found: Buffer) => T,
    most: number,
    full: Error,
  ): Promise<T> {
    const place = stripe.placeOf(id, kind) ?? { start: 0, end: 0 };
    return openStream(stored, place).decode((part) => {
      try {
        return by(part);
      } catch (error) {
        throw error === underflow && part.length > most ? full : error;
      }
    });
  }

  function keep(id: number, kind: number, stream: Buffer): void {
    bytes += stream.length;
    if (bytes > room) throw FULL;
    // A copy: what was read to find it is much larger.
    if (stripe.placeOf(id, kind) !== undefined) streams[id]?.set(kind, Buffer.from(stream));
  }
}
