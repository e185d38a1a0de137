import { Failure, NoSample } from "../../errors.ts";
import type { Cut } from "../../lib/records.ts";
import type { Limits } from "../../lib/limits.ts";
import { byteWindow } from "./byte-window.ts";
import {
  QUOTE,
  COMMA,
  OPEN_ARRAY,
  BACKSLASH,
  CLOSE_ARRAY,
  OPEN_OBJECT,
  CLOSE_OBJECT,
} from "./bytes.ts";
import { isOpener } from "./value.ts";

/** Bytes of input in which the end of an array is looked for, when its rest is left out. */
const LOOKED_AT_BYTES = 1024 * 1024;
/** Levels of nesting: more than any JSON that a person wrote; a bound for memory. */
const MAX_DEPTH = 100_000;

/** Open brackets, innermost first. Shared tails make it free to remember an earlier state. */
interface Open {
  readonly byte: number;
  readonly depth: number;
  readonly outer: Open | undefined;
}

/** Cuts one JSON text, fed in chunks, into the pieces that make its sample. */
export interface JsonScanner {
  /**
   * Returns the bytes that are certain to be part of the sample.
   * @throws NoSample when one value is larger than `recordBytes`; Failure FORMAT_INVALID when
   * brackets do not match in a text that is too large to be kept whole, LIMIT_EXCEEDED when they
   * nest too deeply.
   */
  feed(chunk: Uint8Array): Uint8Array[];
  /** True when no more input is needed. */
  done(): boolean;
  /** Returns the sample's last bytes: what was held back, or what closes it. */
  finish(): Uint8Array[];
  /** Returns what was kept. */
  result(): JsonKept;
}

/** The part that a scanner kept. */
export interface JsonKept {
  /** Elements of the longest array kept; top-level values where no array was kept. */
  readonly rows: number;
  readonly cut?: Cut;
  /** True when there is more than one top-level value. */
  readonly several: boolean;
  /** True when there are commas after top-level values. */
  readonly commas: boolean;
}

/**
 * Creates a scanner. It follows depth and strings only; numbers, keys and white space are never
 * looked at, so they stay as they are. A *safe point* is an offset where the text can end once all
 * open brackets are closed: after an element of an outermost array, or after a member of an object
 * outside all arrays. With `several`, each top-level value is kept whole.
 */
export function jsonScanner(
  limits: Pick<Limits, "rows" | "bytes" | "recordBytes">,
  several = false,
): JsonScanner {
  let stack: Open | undefined;
  let inString = false;
  let escaped = false;
  let brokenAt = -1;

  /** Depth directly inside the outermost array, 0 outside of arrays. */
  let arrayDepth = 0;
  /** True when an element has begun since the last comma there. */
  let inElement = false;
  let elements = 0;
  let longest = -1;
  /** Top-level values that have ended. */
  let values = 0;
  /** True once there was any value. */
  let begun = false;
  /** True when commas came after top-level values; true when one came after the last. */
  let commas = false;
  let afterComma = false;
  /**
   * Offset of the first array until its first element has ended, which is kept whatever its size.
   */
  let firstArrayAt = -1;

  const window = byteWindow();
  /**
   * Offsets in the input: the end of what was scanned, and the place where leaving out began (-1
   * while nothing is left out).
   */
  let scanned = 0;
  let skipFrom = -1;
  let safe = -1;
  let safeStack: Open | undefined;
  /** True when more than closers and white space came after the safe point. */
  let dirty = false;
  let cut: Cut | undefined;

  return { feed, finish, done: () => cut !== undefined, result };

  function feed(chunk: Uint8Array): Uint8Array[] {
    window.add(chunk);
    scan(chunk, scanned);
    scanned += chunk.length;
    if (cut === undefined) checkBounds();
    if (cut === undefined && skipFrom < 0) window.keepUntil(safe);
    return window.take();
  }

  function finish(): Uint8Array[] {
    if (skipFrom >= 0) stop("rows");
    window.keepUntil(cut === undefined ? scanned : safe);
    if (cut !== undefined && safeStack !== undefined) window.append(closersOf(safeStack));
    return window.take();
  }

  function result(): JsonKept {
    const rows = longest >= 0 && values <= 1 ? longest : Math.max(values, begun ? 1 : 0);
    const kept = { rows, several: values > 1, commas };
    const why = cut ?? (window.skipped() > 0 ? "rows" : undefined);
    return why === undefined ? kept : { ...kept, cut: why };
  }

  function scan(chunk: Uint8Array, base: number): void {
    if (brokenAt >= 0) return;
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i] as number;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte > 0x20) {
        structural(byte, base + i);
        if (cut !== undefined || brokenAt >= 0) return;
      }
    }
  }

  function structural(byte: number, at: number): void {
    if (safe < 0) checkFirst(at);
    const depth = stack?.depth ?? 0;
    if (depth === 0 && values > 0 && nextValue(byte, at)) return;
    if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) return close(byte, at);
    if (byte === COMMA) {
      if (arrayDepth > 0 && depth === arrayDepth) elementEnd(at);
      else if (arrayDepth === 0 && depth > 0 && !isRecord()) safePoint(at);
    }
    dirty = true;
    if (byte === COMMA) return;
    inElement = true;
    begun = true;
    if (byte === QUOTE) inString = true;
    else if (isOpener(byte)) open(byte, at);
  }

  /** Takes a byte after the end of a top-level value; true when it does not begin another one. */
  function nextValue(byte: number, at: number): boolean {
    if (byte === COMMA && !afterComma) {
      afterComma = true;
      commas = true;
      return true;
    }
    afterComma = false;
    if (window.skipped() > 0 || values >= limits.rows) stop("rows");
    else if (!isOpener(byte)) brokenAt = at;
    return cut !== undefined || brokenAt >= 0;
  }

  /**
   * True when a top-level value is kept whole or not at all; false for a first one that may be the
   * only one.
   */
  function isRecord(): boolean {
    return several || values > 0;
  }

  function open(byte: number, at: number): void {
    const depth = (stack?.depth ?? 0) + 1;
    if (depth > MAX_DEPTH) {
      throw new Failure("LIMIT_EXCEEDED", `JSON nested more than ${MAX_DEPTH} deep`);
    }
    stack = { byte, depth, outer: stack };
    if (byte === OPEN_OBJECT || arrayDepth > 0 || isRecord()) return;
    arrayDepth = depth;
    elements = 0;
    inElement = false;
    if (longest < 1) firstArrayAt = at;
  }

  /** Takes a comma directly inside the outermost array. */
  function elementEnd(at: number): void {
    inElement = false;
    if (skipFrom >= 0 || !safePoint(at)) return;
    elements += 1;
    longest = Math.max(longest, elements);
    if (elements === limits.rows) leaveOut();
  }

  /** Ends the array's sample at the safe point; the rest is skipped, or not even read. */
  function leaveOut(): void {
    if (arrayDepth === 1) stop("rows");
    else skipFrom = safe;
  }

  function close(byte: number, at: number): void {
    const opener = byte === CLOSE_ARRAY ? OPEN_ARRAY : OPEN_OBJECT;
    if (stack?.byte !== opener) {
      brokenAt = at;
      return;
    }
    const outermost = stack.depth === arrayDepth;
    stack = stack.outer;
    if (outermost) arrayDepth = 0;
    if (arrayDepth > 0 || (isRecord() && stack !== undefined)) return;
    if (skipFrom >= 0 && at >= LOOKED_AT_BYTES) return stop("rows");
    if (skipFrom >= 0) resume(at);
    else if (outermost && inElement) elements += 1;
    if (!safePoint(at + 1)) return;
    if (outermost) longest = Math.max(longest, elements);
    if (stack === undefined) values += 1;
  }

  /** Goes on at `at`, where the array whose rest was left out ends. */
  function resume(at: number): void {
    window.keepUntil(skipFrom);
    window.dropUntil(at);
    skipFrom = -1;
    inElement = false;
    dirty = false;
  }

  /**
   * Notes that the text may end at `at`; false when that is too late, so that the text ends before.
   */
  function safePoint(at: number): boolean {
    const isFirstElement = firstArrayAt >= 0;
    if (isFirstElement) checkFirst(at - firstArrayAt);
    firstArrayAt = -1;
    if (safe >= 0 && !isFirstElement && isFull(at + (stack?.depth ?? 0))) {
      stop("bytes");
      return false;
    }
    safe = at;
    safeStack = stack;
    dirty = false;
    return true;
  }

  /** True when the sample would be too long if it went on to `end`. */
  function isFull(end: number): boolean {
    return end - window.skipped() > limits.bytes && (dirty || end - safe > limits.bytes);
  }

  function checkBounds(): void {
    if (skipFrom >= 0) {
      if (scanned >= LOOKED_AT_BYTES) return stop("rows");
      window.keepUntil(skipFrom);
      return window.dropUntil(scanned);
    }
    const understood = brokenAt < 0 ? scanned : brokenAt;
    if (safe < 0) checkFirst(understood);
    else if (firstArrayAt >= 0) checkFirst(understood - firstArrayAt);
    else if (isFull(understood)) return stop("bytes");
    if (brokenAt >= 0 && scanned - window.skipped() > limits.bytes) {
      throw new Failure("FORMAT_INVALID", `not JSON: unexpected byte at offset ${brokenAt}`);
    }
  }

  /**
   * Checks that the first value, or element, ends or gets a first safe point within `recordBytes`.
   */
  function checkFirst(bytes: number): void {
    if (bytes <= limits.recordBytes) return;
    throw new NoSample(`a value is larger than ${limits.recordBytes} bytes`);
  }

  function stop(why: Cut): void {
    cut = why;
  }
}

function closersOf(open: Open): Uint8Array {
  const closers: number[] = [];
  for (let at: Open | undefined = open; at !== undefined; at = at.outer) {
    closers.push(at.byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT);
  }
  return Uint8Array.from(closers);
}
