import { NoSample } from "../../errors.ts";
import type { Limits } from "../../lib/limits.ts";
import type { Encoding, Head } from "./head.ts";

/** Levels of values within values; common readers stop at about as many. */
const DEEPEST = 1000;

/** The array that a file begins with. */
export interface FirstArray {
  readonly head: Head;
  /** Place of its head: there may be wrappers before it. */
  readonly at: number;
  /** Places just after its first elements: one more than may be kept at most. */
  readonly ends: readonly number[];
}

/** A walk over the values of a file. Records are values, or the elements of its first array. */
export interface Walk {
  /**
   * Goes on over all bytes that there are so far; false once it needs no more of them.
   * @throws NoSample for a first record above `recordBytes`
   */
  goOn(bytes: Buffer): boolean;
  /** Places just after values that are in no other: as many as may be kept at most. */
  ends(): readonly number[];
  firstArray(): FirstArray | undefined;
  /** True where there is more than a limit allows. */
  isCut(): boolean;
  /** The damage that ended it; where `length` bytes are all there are, also that they are too few. */
  faultAt(length: number): string | undefined;
}

/** A value that is not finished. */
interface Open {
  readonly head: Head;
  /** Values in it so far. */
  held: number;
}

/** Begins a walk that ends where a limit is reached: by places in the file, not by what is fed. */
export function walkValues(
  { headAt }: Encoding,
  limits: Pick<Limits, "rows" | "bytes" | "recordBytes">,
): Walk {
  const ends: number[] = [];
  const elements: number[] = [];
  const open: Open[] = [];
  let first: (Pick<FirstArray, "head" | "at"> & { readonly depth: number }) | undefined;
  /** Place of the next head. */
  let at = 0;
  /** True where a value ends there. */
  let isEnding = false;
  let isCut = false;
  let fault: string | undefined;

  return {
    goOn,
    ends: () => ends,
    firstArray: () => first && { head: first.head, at: first.at, ends: elements },
    isCut: () => isCut,
    faultAt(length) {
      const isWhole = isCut || (open.length === 0 && at === length && !isEnding);
      return fault ?? (isWhole ? undefined : "it ends within a value");
    },
  };

  function goOn(bytes: Buffer): boolean {
    while (!isCut && at <= bytes.length) {
      if (isEnding) endValue();
      isCut ||= ends.length >= limits.rows && at < bytes.length;
      if (isCut) return false;
      const head = headAt(bytes, at);
      if (head === undefined) return true;
      fault = typeof head === "string" ? head : whyNot(head);
      if (fault !== undefined || typeof head === "string") return false;
      // The end of the array that is cut is no part of an element.
      const isEnd = head.role === "break" && ends.length === 0 && open.length === first?.depth;
      enter(head);
      if (!isEnd) checkRoom();
    }
    return !isCut;
  }

  /** Counts a value in what surrounds it, which may end with it. */
  function endValue(): void {
    isEnding = false;
    for (let around = open.at(-1); around !== undefined; around = open.at(-1)) {
      around.held += 1;
      const isElement = ends.length === 0 && open.length === first?.depth;
      if (isElement && elements.length <= limits.rows) elements.push(at);
      if (around.held < around.head.children) return;
      open.pop();
    }
    ends.push(at);
  }

  /** The reason why there can be no such value here. */
  function whyNot({ role, children }: Head): string | undefined {
    const around = open.at(-1);
    if (role === "break") {
      if (around?.head.children !== Infinity) return "a break that ends nothing";
      return around.head.role === "map" && around.held % 2 === 1
        ? "a key without value"
        : undefined;
    }
    if (around?.head.only !== undefined && role !== around.head.only)
      return "a text of other parts";
    const isDeep = children > 0 && open.length >= DEEPEST;
    return isDeep ? `values nested more than ${DEEPEST} deep` : undefined;
  }

  function enter(head: Head): void {
    if (head.role === "break") open.pop();
    else if (head.role === "array" && ends.length === 0 && first === undefined) {
      const isOutermost = open.every((around) => around.head.role === "wrapper");
      if (isOutermost) first = { head, at, depth: open.length + 1 };
    }
    if (head.children > 0) open.push({ head, held: 0 });
    else isEnding = true;
    at += head.bytes + head.content;
  }

  function checkRoom(): void {
    if (ends.length > 0 || elements.length > 0) isCut = at > limits.bytes;
    else if (at > limits.recordBytes) {
      throw new NoSample(`a value is larger than ${limits.recordBytes} bytes`);
    }
  }
}
