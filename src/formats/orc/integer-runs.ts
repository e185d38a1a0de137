import { packedBytes, packedWidth, unpacked, widthOf } from "./bit-packing.ts";
import { byteAt, type CutRuns } from "./byte-runs.ts";
import { invalid, underflow } from "./invalid.ts";
import { endOfVarints, unzigzag, varintAt } from "./varint.ts";

/** Values of a run, at least. */
const MIN_RUN = 3;

/** The encoding of integers, by the column's encoding and type. */
export interface IntegerForm {
  readonly version: 1 | 2;
  readonly isSigned: boolean;
}

/** Some integers that are encoded together. */
interface Run {
  readonly count: number;
  readonly end: number;
  /** The bytes of its first values: of `count` or more, at least 3, and fewer than all. */
  first(count: number): Buffer;
  values(): bigint[];
}

/**
 * Cuts integers after `count` of them (ORC v1, "Integer Run Length Encoding", version 1 and 2).
 * @throws underflow; Failure FORMAT_INVALID
 */
export function cutIntegers(bytes: Buffer, count: number, form: IntegerForm): Buffer {
  return cutRuns(bytes, count, form, () => {});
}

/** The same, with the values. @throws underflow; Failure FORMAT_INVALID */
export function readIntegers(bytes: Buffer, count: number, form: IntegerForm): CutRuns<bigint[]> {
  const values: bigint[] = [];
  const cut = cutRuns(bytes, count, form, (run) => {
    for (const value of run.values()) values.push(value);
  });
  return { cut, values: values.slice(0, count) };
}

/** The sum of lengths. @throws Failure FORMAT_INVALID for what is none, or too large to be one */
export function sum(lengths: readonly bigint[]): number {
  let total = 0;
  for (const length of lengths) {
    if (length < 0n) throw invalid(`a length of ${length}`);
    total += Number(length);
  }
  if (!Number.isSafeInteger(total)) throw invalid(`lengths of ${total} bytes`);
  return total;
}

function cutRuns(
  bytes: Buffer,
  count: number,
  { version, isSigned }: IntegerForm,
  onRun: (run: Run) => void,
): Buffer {
  const runAt = version === 1 ? runOfVersion1 : runOfVersion2;
  let left = count;
  let at = 0;
  while (left > 0) {
    const run = runAt(bytes, at, isSigned);
    if (run.end > bytes.length) throw underflow;
    onRun(run);
    const kept = Math.max(left, MIN_RUN);
    if (run.count > kept) return Buffer.concat([bytes.subarray(0, at), run.first(kept)]);
    left -= run.count;
    at = run.end;
  }
  return bytes.subarray(0, at);
}

/** A control byte of a count, a step and a first value; or a negative count, and values. */
function runOfVersion1(bytes: Buffer, at: number, isSigned: boolean): Run {
  const control = byteAt(bytes, at);
  const start = at + 1;
  if (control >= 128) {
    const count = 256 - control;
    return {
      count,
      end: endOfVarints(bytes, start, count),
      first: (some) => {
        const kept = bytes.subarray(start, endOfVarints(bytes, start, some));
        return Buffer.concat([Buffer.of(256 - some), kept]);
      },
      values: () => {
        let next = start;
        return Array.from({ length: count }, () => {
          const [value, end] = varintAt(bytes, next);
          next = end;
          return plain(value, isSigned);
        });
      },
    };
  }
  const count = control + MIN_RUN;
  byteAt(bytes, start);
  const [base, end] = varintAt(bytes, start + 1);
  return {
    count,
    end,
    first: (some) => Buffer.concat([Buffer.of(some - MIN_RUN), bytes.subarray(start, end)]),
    values: () => stepped(plain(base, isSigned), BigInt(bytes.readInt8(start)), count),
  };
}

function runOfVersion2(bytes: Buffer, at: number, isSigned: boolean): Run {
  const header = byteAt(bytes, at);
  if (header >> 6 === 0) return shortRepeat(bytes, at, isSigned);
  const count = ((header & 1) << 8) + byteAt(bytes, at + 1) + 1;
  const code = (header >> 1) & 31;
  const run = { at, header, count, code };
  if (header >> 6 === 1) return direct(bytes, run, isSigned);
  return header >> 6 === 2 ? patchedBase(bytes, run) : delta(bytes, run, isSigned);
}

function shortRepeat(bytes: Buffer, at: number, isSigned: boolean): Run {
  const header = bytes[at] as number;
  const width = ((header >> 3) & 7) + 1;
  const count = (header & 7) + MIN_RUN;
  const end = at + 1 + width;
  return {
    count,
    end,
    first: (some) =>
      Buffer.concat([Buffer.of((header & 0xf8) | (some - MIN_RUN)), bytes.subarray(at + 1, end)]),
    values: () => {
      const [value = 0n] = unpacked(bytes, at + 1, 1, width * 8);
      return Array.from({ length: count }, () => plain(value, isSigned));
    },
  };
}

/** The two bytes before a run, as they were read. */
interface RunHeader {
  readonly at: number;
  readonly header: number;
  readonly count: number;
  readonly code: number;
}

function direct(bytes: Buffer, run: RunHeader, isSigned: boolean): Run {
  const { at, count, code } = run;
  const width = widthOf(code);
  const start = at + 2;
  return {
    count,
    end: start + packedBytes(count, width),
    first: (some) =>
      Buffer.concat([headerOf(run, some), bytes.subarray(start, start + packedBytes(some, width))]),
    values: () => unpacked(bytes, start, count, width).map((value) => plain(value, isSigned)),
  };
}

/** Values above a base, of which some have more bits in a list of patches. It is never cut. */
function patchedBase(bytes: Buffer, { at, count, code }: RunHeader): Run {
  const [third, fourth] = [byteAt(bytes, at + 2), byteAt(bytes, at + 3)];
  const width = widthOf(code);
  const baseBytes = (third >> 5) + 1;
  const patchBits = widthOf(third & 31);
  const entryBits = packedWidth(patchBits + (fourth >> 5) + 1);
  const patches = fourth & 31;
  if (patchBits + (fourth >> 5) + 1 > 64) throw invalid("a run with patches that are too wide");
  const start = at + 4 + baseBytes;
  const end = start + packedBytes(count, width) + packedBytes(patches, entryBits);
  return { count, end, first: () => bytes.subarray(at, end), values };

  function values(): bigint[] {
    const [packedBase = 0n] = unpacked(bytes, at + 4, 1, baseBytes * 8);
    const sign = 1n << BigInt(baseBytes * 8 - 1);
    const base = packedBase >= sign ? sign - packedBase : packedBase;
    const found = unpacked(bytes, start, count, width);
    let place = 0;
    for (const entry of unpacked(
      bytes,
      end - packedBytes(patches, entryBits),
      patches,
      entryBits,
    )) {
      place += Number(entry >> BigInt(patchBits));
      const patch = BigInt.asUintN(patchBits, entry) << BigInt(width);
      // A patch of nothing only makes the way to the next one longer.
      if (place < count) found[place] = (found[place] as bigint) | patch;
    }
    return found.map((value) => BigInt.asIntN(64, base + value));
  }
}

/** A first value, a first step, and steps of the same sign; without these, each is as the first. */
function delta(bytes: Buffer, run: RunHeader, isSigned: boolean): Run {
  const { at, count, code } = run;
  const width = code === 0 ? 0 : widthOf(code);
  const [base, baseEnd] = varintAt(bytes, at + 2);
  const [zigzag, start] = varintAt(bytes, baseEnd);
  if (width > 0 && count < 2) throw invalid("steps of a single value");
  const endOf = (some: number) => start + packedBytes(Math.max(0, some - 2), width);
  return {
    count,
    end: endOf(count),
    first: (some) => Buffer.concat([headerOf(run, some), bytes.subarray(at + 2, endOf(some))]),
    values,
  };

  function values(): bigint[] {
    const [first, step] = [plain(base, isSigned), unzigzag(zigzag)];
    if (width === 0) return stepped(first, step, count);
    const found = [first, first + step];
    let last = first + step;
    for (const more of unpacked(bytes, start, count - 2, width)) {
      last += step < 0n ? -more : more;
      found.push(last);
    }
    return found.map((value) => BigInt.asIntN(64, value));
  }
}

function headerOf({ header }: RunHeader, count: number): Buffer {
  return Buffer.of((header & 0xfe) | ((count - 1) >> 8), (count - 1) & 0xff);
}

function stepped(first: bigint, step: bigint, count: number): bigint[] {
  return Array.from({ length: count }, (_, i) => BigInt.asIntN(64, first + step * BigInt(i)));
}

/** An integer of 64 bits, as it was before it was encoded. */
function plain(value: bigint, isSigned: boolean): bigint {
  return isSigned ? unzigzag(BigInt.asUintN(64, value)) : value;
}
