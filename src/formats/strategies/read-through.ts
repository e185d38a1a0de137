import { NoSample } from "../../errors.ts";
import { type PassedRecord, walkRecords } from "../../lib/record-walk.ts";
import type { Cut } from "../../lib/records.ts";
import type { SampleRequest, SampleStream, SampleSummary } from "../types.ts";
import type { RecordText } from "./record-text.ts";

/** A record that was chosen, with its own copy of its bytes. */
export interface Chosen {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Chooses among the records that pass by. */
export interface Chooser {
  /** Takes the record, or lets it pass. */
  offer(record: PassedRecord): void;
  /** Hears of a record that is too long to be kept. */
  passOver(): void;
  /** The chosen ones, in the file's order, and what left others out. */
  result(): { readonly chosen: readonly Chosen[]; readonly cut: Cut };
  /** Facts of the sample, from those that were chosen. */
  summary(chosen: readonly Chosen[]): Partial<SampleSummary>;
}

/** Makes a copy of a record. */
export function chosenOf(record: PassedRecord): Chosen {
  return { at: record.at, bytes: record.copy() };
}

/**
 * Reads a text through and yields its header and the records that are chosen, verbatim; or all of
 * it, where that is no more than a sample may have. Held are only the chosen ones, the first ones as
 * long as they may be all, and the record that is being read. `choose` gets the bytes that the
 * header leaves of `sample.bytes`.
 * @throws NoSample where the header, or each record, is longer than `recordBytes`.
 */
export async function* readThrough(
  text: RecordText,
  { source, limits }: SampleRequest,
  choose: (room: number) => Chooser,
): SampleStream {
  const { recordBytes } = limits;
  const warnings = [...text.warnings];
  const scanner = text.scanner("start", (warning) => warnings.push(warning));
  const header: Uint8Array[] = [];
  let chooser: Chooser | undefined;
  let all: AllRecords | undefined;
  let rows = 0;

  const rest = await walkRecords(source.stream(), scanner, recordBytes, (record) => {
    if (header.length < text.headers) {
      if (record.size > recordBytes) throw tooLong(recordBytes);
      header.push(record.copy());
      return;
    }
    const room = Math.max(0, limits.bytes - (header[0]?.length ?? 0));
    chooser ??= choose(room);
    all ??= allRecords(limits.rows, room);
    rows += 1;
    for (const one of [all, chooser]) {
      if (record.size > recordBytes) one.passOver();
      else one.offer(record);
    }
  });
  const { chosen: some, cut } = chooser?.result() ?? { chosen: [], cut: "rows" };
  const chosen = all?.records() ?? some;
  if (chosen.length === 0 && rows > 0) throw tooLong(recordBytes);

  yield* header;
  for (const { bytes } of chosen) yield bytes;
  const complete = chosen.length === rows;
  if (complete && rest.length > 0) yield rest;
  const facts = { format: text.format, rows: chosen.length, warnings };
  const how = chooser?.summary(chosen);
  return complete ? { ...facts, complete, ...how } : { ...facts, complete, cut, ...how };
}

/** All records of a file, as long as they fit. */
interface AllRecords extends Pick<Chooser, "offer" | "passOver"> {
  /** Undefined where they are too many, or too long. */
  records(): readonly Chosen[] | undefined;
}

/** Keeps records as a sample of the first ones would. */
function allRecords(rows: number, room: number): AllRecords {
  let all: Chosen[] | undefined = [];
  let bytes = 0;
  return {
    records: () => all,
    passOver: () => (all = undefined),
    offer(record) {
      bytes += record.size;
      if (all === undefined) return;
      if (all.length === 0 || (all.length < rows && bytes <= room)) all.push(chosenOf(record));
      else all = undefined;
    },
  };
}

function tooLong(recordBytes: number): NoSample {
  return new NoSample(`a record is larger than ${recordBytes} bytes`);
}
