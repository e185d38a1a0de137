import type { PassedRecord } from "../../lib/record-walk.ts";
import type { Cut } from "../../lib/records.ts";
import type { SamplePart } from "../types.ts";
import type { Draws } from "./draws.ts";
import { rowsOf } from "./places.ts";
import { type Chooser, type Chosen, chosenOf } from "./read-through.ts";

/** The file to spread over, and the room for its records in bytes. */
interface Spread {
  readonly size: number;
  /** Two at least. */
  readonly parts: number;
  /** Rows of the sample at most; no fewer than parts. */
  readonly rows: number;
  readonly room: number;
  readonly draws: Draws;
}

/**
 * Chooses the first records of a file that is read through, its last ones, and some from one place
 * in each stretch between. Each part has an equal share of the rows, and of the bytes that are
 * left. A last record without a line end is left out: it may be half of one.
 */
export function evenly({ size, parts, rows: wanted, room, draws }: Spread): Chooser {
  const rows = rowsOf(wanted, parts);
  const last = parts - 1;
  const stretch = size / parts;
  const starts = rows.map((_, i) => (i === 0 ? 0 : i * stretch + draws.below(stretch / 2)));
  const kept: Chosen[] = [];
  /** The last records, which give way to later ones; their bytes; and how many there were. */
  let tail: Chosen[] = [];
  let tailBytes = 0;
  let offered = 0;
  let part = 0;
  let taken = 0;
  /** Bytes left for this part and later ones, and what this part has of them. */
  let left = room;
  let used = 0;
  let cut: Cut = "rows";

  return {
    offer(record) {
      if (part < last && taken === rows[part]) nextPart();
      if (part < last && record.at >= (starts[part] as number)) offerToPart(record);
      else if (record.at >= last * stretch && record.isEnded) offerToTail(record);
    },
    passOver() {
      cut = "bytes";
      tail = [];
      tailBytes = 0;
    },
    result: () => ({ chosen: [...kept, ...lastOnes()], cut }),
    summary: (chosen) => ({ strategy: "spread", parts: partsOf(chosen) }),
  };

  function nextPart(): void {
    part += 1;
    taken = 0;
    left -= used;
    used = 0;
  }

  function offerToPart(record: PassedRecord): void {
    if (kept.length === 0 || used + record.size <= left / (parts - part)) {
      kept.push(chosenOf(record));
      used += record.size;
      taken += 1;
    } else {
      cut = "bytes";
      nextPart();
    }
  }

  function offerToTail(record: PassedRecord): void {
    tail.push(chosenOf(record));
    tailBytes += record.size;
    offered += 1;
    while (tail.length > (rows[last] as number) || tailBytes > room) {
      tailBytes -= tail.shift()?.bytes.length ?? tailBytes;
    }
  }

  /** The last records that fit into what is left. */
  function lastOnes(): Chosen[] {
    let bytes = left - used;
    const first = tail.findLastIndex((record) => (bytes -= record.bytes.length) < 0) + 1;
    const fitting = tail.slice(first);
    if (fitting.length < Math.min(offered, rows[last] as number)) cut = "bytes";
    return fitting;
  }
}

/** The runs of records that follow each other in the file. */
function partsOf(chosen: readonly Chosen[]): SamplePart[] {
  const parts: SamplePart[] = [];
  let end = -1;
  for (const { at, bytes } of chosen) {
    const open = at === end ? parts.pop() : undefined;
    parts.push(open === undefined ? { at, rows: 1 } : { at: open.at, rows: open.rows + 1 });
    end = at + bytes.length;
  }
  return parts;
}
