import { Failure } from "../../errors.ts";
import {
  FIRST_STATE_AFTER_MATCH,
  POSITION_STATES,
  FIRST_BITS,
  IS_MATCH,
  IS_REPEAT,
  IS_REPEAT_0,
  IS_REPEAT_1,
  IS_REPEAT_2,
  IS_LONG_REPEAT_0,
  SLOTS,
  DISTANCES,
  ALIGN,
  MATCH_LENGTHS,
  REPEAT_LENGTHS,
  LITERALS,
  MAX_LITERAL_BITS,
} from "./lzma-odds.ts";
import type { LzmaWindow } from "./lzma-window.ts";

/** Bytes of input that one symbol takes at most. */
const SYMBOL_BYTES = 20;
/** The distance that stands for the end of a stream. */
const END_MARK = -1;

/** Decodes LZMA, in the chunks of LZMA2 or as a stream; its state goes from one call to the next. */
export interface LzmaDecoder {
  /**
   * Takes the byte that codes lc, lp and pb, and forgets all probabilities.
   * @throws Failure FORMAT_INVALID where it has values that LZMA2 does not allow, nor xz in a stream.
   */
  setProperties(byte: number): void;
  /** Forgets all probabilities. */
  reset(): void;
  /**
   * Decodes `bytes` bytes of output into the window, which has room for them.
   * @throws Failure FORMAT_INVALID for damage or where the input ends before; what has been decoded
   * until then is in the window.
   */
  decode(input: Uint8Array, bytes: number): void;
  /** Begins a stream without chunks, with its first 5 bytes. @throws Failure FORMAT_INVALID */
  begin(input: Uint8Array): void;
  /**
   * Goes on in it: decodes into the window, which has room for 273 bytes more, until there are
   * `enough` new bytes or the input has too few for another symbol. Returns the bytes of input
   * that it took, and true where the stream's mark for its end was met.
   * @throws Failure FORMAT_INVALID for damage, more than `most` new bytes, or where the last input
   * ends before; what has been decoded until then is in the window.
   */
  goOn(input: Uint8Array, bounds: StreamBounds): { taken: number; isMarked: boolean };
  /** Ends a stream; true where its last symbol was the last. To be called after `goOn`. */
  end(): { taken: number; isWhole: boolean };
}

/** Bounds of a step in a stream. */
export interface StreamBounds {
  readonly enough: number;
  readonly most: number;
  /** True where no more input follows. */
  readonly isLast: boolean;
}

/** A decoder without state (as in `lzma-specification.txt` of the LZMA SDK). */
export function lzmaDecoder(window: LzmaWindow): LzmaDecoder {
  const odds = new Uint16Array(LITERALS + (0x300 << MAX_LITERAL_BITS));
  let literalContextBits = 0;
  let literalPositionMask = 0;
  let positionMask = 0;
  let state = 0;
  let distance = 0;
  let distance1 = 0;
  let distance2 = 0;
  let distance3 = 0;
  /** Bytes since the dictionary was reset. */
  let position = 0;

  let input: Uint8Array = new Uint8Array();
  let at = 0;
  let range = 0;
  let code = 0;
  return { setProperties, reset, decode, begin, goOn, end };

  function setProperties(byte: number): void {
    const literalBits = byte % 9;
    const literalPositionBits = Math.floor(byte / 9) % 5;
    const positionBits = Math.floor(byte / 45);
    if (positionBits > 4 || literalBits + literalPositionBits > MAX_LITERAL_BITS) throw damaged();
    literalContextBits = literalBits;
    literalPositionMask = (1 << literalPositionBits) - 1;
    positionMask = (1 << positionBits) - 1;
    reset();
  }

  function reset(): void {
    odds.fill(FIRST_BITS);
    state = 0;
    distance = distance1 = distance2 = distance3 = 0;
  }

  function decode(from: Uint8Array, bytes: number): void {
    begin(from);
    const wanted = window.end() + bytes;
    if (decodeSymbols(wanted, wanted, Infinity)) throw damaged();
    normalise();
    if (at !== input.length || code !== 0) throw damaged();
  }

  function begin(from: Uint8Array): void {
    input = from;
    at = 5;
    range = -1;
    code = 0;
    for (let i = 1; i < 5; i += 1) code = (code << 8) | (input[i] ?? 0);
    if (input[0] !== 0) throw damaged();
  }

  function goOn(from: Uint8Array, { enough, most, isLast }: StreamBounds) {
    input = from;
    at = 0;
    const start = window.end();
    const inputEnd = isLast ? Infinity : input.length - SYMBOL_BYTES;
    const isMarked = decodeSymbols(start + enough, start + most, inputEnd);
    return { taken: at, isMarked };
  }

  function end(): { taken: number; isWhole: boolean } {
    normalise();
    return { taken: at, isWhole: code === 0 && at <= input.length };
  }

  /**
   * Decodes until there is `enough`, or the input comes to `inputEnd`; true where it met the mark of
   * the end. Throws after everything that could be decoded.
   */
  function decodeSymbols(enough: number, most: number, inputEnd: number): boolean {
    const bytes = window.bytes();
    const first = window.first();
    let to = window.end();
    position = window.position();
    while (to < enough && at <= inputEnd) {
      const positionState = position & positionMask;
      if (bit(IS_MATCH + state * POSITION_STATES + positionState) === 0) {
        const byte = literal(bytes, to, first);
        if (at > input.length) throw cutOff(to);
        bytes[to++] = byte;
        position += 1;
        continue;
      }
      const length = matchLength(positionState);
      if (at > input.length) throw cutOff(to);
      if (distance === END_MARK) {
        window.advance(to);
        return true;
      }
      if (distance >>> 0 >= to - first || length > most - to) {
        window.advance(to);
        throw damaged();
      }
      const start = to - distance - 1;
      for (let i = 0; i < length; i += 1) bytes[to + i] = bytes[start + i] as number;
      to += length;
      position += length;
    }
    window.advance(to);
    return false;
  }

  function literal(bytes: Uint8Array, to: number, first: number): number {
    const before = to > first ? (bytes[to - 1] as number) : 0;
    const context =
      ((position & literalPositionMask) << literalContextBits) +
      (before >> (8 - literalContextBits));
    const base = LITERALS + 0x300 * context;
    let symbol = 1;
    if (state >= FIRST_STATE_AFTER_MATCH) {
      let matched = bytes[to - distance - 1] as number;
      do {
        const matchBit = (matched >> 7) & 1;
        matched <<= 1;
        const next = bit(base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | next;
        if (next !== matchBit) break;
      } while (symbol < 0x100);
    }
    while (symbol < 0x100) symbol = (symbol << 1) | bit(base + symbol);
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
    return symbol & 0xff;
  }

  /** Decodes a match, or a repeat of a distance; leaves its distance in `distance`. */
  function matchLength(positionState: number): number {
    if (bit(IS_REPEAT + state) === 0) return newMatch(positionState);
    const isAfterLiteral = state < FIRST_STATE_AFTER_MATCH;
    if (bit(IS_REPEAT_0 + state) === 0) {
      if (bit(IS_LONG_REPEAT_0 + state * POSITION_STATES + positionState) === 0) {
        state = isAfterLiteral ? 9 : 11;
        return 1;
      }
    } else {
      takeRepeated();
    }
    state = isAfterLiteral ? 8 : 11;
    return lengthOf(REPEAT_LENGTHS, positionState);
  }

  function newMatch(positionState: number): number {
    distance3 = distance2;
    distance2 = distance1;
    distance1 = distance;
    state = state < FIRST_STATE_AFTER_MATCH ? 7 : 10;
    const length = lengthOf(MATCH_LENGTHS, positionState);
    distance = distanceOf(Math.min(length - 2, 3));
    return length;
  }

  function takeRepeated(): void {
    let taken = distance1;
    if (bit(IS_REPEAT_1 + state) === 1) {
      taken = distance2;
      if (bit(IS_REPEAT_2 + state) === 1) {
        taken = distance3;
        distance3 = distance2;
      }
      distance2 = distance1;
    }
    distance1 = distance;
    distance = taken;
  }

  function lengthOf(base: number, positionState: number): number {
    if (bit(base) === 0) return 2 + tree(base + 2 + positionState * 8, 3);
    if (bit(base + 1) === 0) return 10 + tree(base + 2 + 128 + positionState * 8, 3);
    return 18 + tree(base + 2 + 256, 8);
  }

  function distanceOf(lengthState: number): number {
    const slot = tree(SLOTS + lengthState * 64, 6);
    if (slot < 4) return slot;
    const directBits = (slot >> 1) - 1;
    const base = (2 | (slot & 1)) << directBits;
    if (slot < 14) return base + reverseTree(DISTANCES + base - slot, directBits);
    return (base + (direct(directBits - 4) << 4) + reverseTree(ALIGN, 4)) | 0;
  }

  function tree(base: number, bits: number): number {
    let symbol = 1;
    for (let i = 0; i < bits; i += 1) symbol = (symbol << 1) | bit(base + symbol);
    return symbol - (1 << bits);
  }

  function reverseTree(base: number, bits: number): number {
    let symbol = 1;
    let value = 0;
    for (let i = 0; i < bits; i += 1) {
      const next = bit(base + symbol);
      symbol = (symbol << 1) | next;
      value |= next << i;
    }
    return value;
  }

  function direct(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i += 1) {
      normalise();
      range >>>= 1;
      const isOne = code >>> 0 >= range ? 1 : 0;
      if (isOne === 1) code = (code - range) | 0;
      range |= 0;
      value = (value << 1) | isOne;
    }
    return value;
  }

  function bit(index: number): number {
    if ((range & 0xff000000) === 0) {
      range <<= 8;
      code = (code << 8) | (at < input.length ? (input[at] as number) : 0);
      at += 1;
    }
    const odd = odds[index] as number;
    const bound = Math.imul(range >>> 11, odd);
    if (code >>> 0 < bound >>> 0) {
      range = bound;
      odds[index] = odd + ((2048 - odd) >> 5);
      return 0;
    }
    range = (range - bound) | 0;
    code = (code - bound) | 0;
    odds[index] = odd - (odd >> 5);
    return 1;
  }

  function normalise(): void {
    if ((range & 0xff000000) !== 0) return;
    range <<= 8;
    code = (code << 8) | (input[at] ?? 0);
    at += 1;
  }

  /** Keeps what was decoded up to `end`; the last symbol was made up of missing bytes. */
  function cutOff(end: number): Failure {
    window.advance(end);
    return new Failure("FORMAT_INVALID", "unexpected end of file");
  }
}

function damaged(): Failure {
  return new Failure("FORMAT_INVALID", "invalid LZMA data");
}
